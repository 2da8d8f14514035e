// Variances, deviance and reduced chi-square of fits of a spline PSF: a work-group is a spot, a
// work-item a column of its box. Defines: BOX; WIDTH, the items of a group, at least BOX.
#include "shared/spline.clh"
#include "spots/columns.clh"
#include "spots/worth.clh"

GROUP_KERNEL(assess_spline, WIDTH, 1, 1) {
  const spot_model model = {SPLINE_PARAMETERS, 0, 0, BOX, PSF_SPLINE};
  local float shared[COLUMN_SUMS * (WIDTH + 1)];
  const int row = get_group_id(0);
  if (row >= min(min(total[0], p.fit.capacity), items)) return;
  const int item = get_local_id(0), column = min(item, BOX - 1);
  const int flag = p.fit.has_flags ? flags[row] : 0;
  const spot_data data = column_data(p.fit, spots, noise, flag, row, column);
  float own[COLUMN_SUMS], sums[COLUMN_SUMS], point[PARAMETERS_MAX];
  for (int i = 0; i < PARAMETERS_MAX; i++) point[i] = theta[(size_t)row * PARAMETERS_MAX + i];
  const spline_place place = spline_locate(BOX, p, point[0], point[1], point[4]);
  spline_column(data.cut.top, column_end(data.cut, column), p, spline_cells(p, grid, place) + column,
                place, data, BOX, point[2], point[3], 1, own);
  add_columns(own, SPLINE_SUMS_JUDGED, shared, sums);
  if (item != 0) return;
  real score[PARAMETERS_MAX], information[PACKED_MAX];
  spline_complete(p, point[2], sums, score, information);
  two_float variance[PARAMETERS_MAX];
  assess_likelihood(model, information, variance);
  spot_goodness fit = {sums[20], sums[21], cut_pixels(data.cut)};
  assess_goodness(model, &fit);
  write_worth(row, variance, fit, bound, deviance, chi_square);
}
