// Variances, deviance and reduced chi-square of fits, a work-item per spot.
// Defines: BOX; PARAMETERS 4, 5 or 6; LEAST_SQUARES 0 or 1; SAMPLED 0 or 1; PSF, see shared/spot.clh.
#include "spots/worth.clh"

KERNEL(assess) {
  const spot_model model = {PARAMETERS, LEAST_SQUARES, SAMPLED, BOX, PSF};
  const int row = get_global_id(0);
  if (row >= min(min(total[0], p.capacity), items)) return;
  const size_t first = (size_t)row * (BOX * BOX);
  const int flag = p.has_flags ? flags[row] : 0;
  const spot_data data = {spots + first, noise + first, p.has_noise_map, p.noise_variance, 1.0f,
                          GLINT_SPOT_IS_CUT(flag), spot_cut_of(flag)};
  real point[PARAMETERS_MAX];
  for (int i = 0; i < PARAMETERS_MAX; i++) point[i] = theta[(size_t)row * PARAMETERS_MAX + i];
  two_float variance[PARAMETERS_MAX];
  spot_goodness fit;
  assess_spot(model, p, data, point, variance, &fit);
  write_worth(row, variance, fit, bound, deviance, chi_square);
}
