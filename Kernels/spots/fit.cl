// Maximum likelihood and least-squares fits; a work-item takes the next spot when its fit has ended.
// Defines: BOX; PARAMETERS 4, 5 or 6; LEAST_SQUARES 0 or 1; SAMPLED 0 or 1; PSF, see shared/spot.clh.
#include "shared/lm.clh"

KERNEL(fit) {
  const spot_model model = {PARAMETERS, LEAST_SQUARES, SAMPLED, BOX, PSF};
  const int count = min(min(total[0], p.capacity), items);
  int row = get_global_id(0);
  if (row >= count) return;
  psf_start start;
  psf_prepare(model, p, &start);
  spot_data data = {spots, noise, p.has_noise_map, p.noise_variance, 1.0f, 0};
  lm_fit fit;
  fit.state = FIT_INVALID;  // nothing to fit yet
  for (int loaded = 0;;) {
    if (!loaded) {
      data.counts = spots + (size_t)row * (BOX * BOX);
      data.variance = noise + (size_t)row * (BOX * BOX);
      const int flag = p.has_flags ? flags[row] : 0;
      data.is_cut = GLINT_SPOT_IS_CUT(flag);
      data.cut = spot_cut_of(flag);
      real begin[PARAMETERS_MAX];
      const whole valid = psf_begin(model, p, data, &start, begin, &data.weight);
      lm_begin(model, 1, valid, begin, &fit);
      loaded = 1;
    }
    real score[PARAMETERS_MAX], information[PACKED_MAX];
    psf_evaluate(model, p, data, fit.trial, score, information);
    lm_step(model, p, score, information, &fit);
    if (fit.state != FIT_RUNNING) {
      for (int i = 0; i < PARAMETERS_MAX; i++)
        theta[(size_t)row * PARAMETERS_MAX + i] = lm_result(&fit, i);
      iterations[row] = fit.iterations;
      state[row] = fit.state;
      row += get_global_size(0);
      if (row >= count) return;
      loaded = 0;
    }
  }
}
