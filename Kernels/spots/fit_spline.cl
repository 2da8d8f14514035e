// Maximum likelihood fits of a spline PSF: a work-group is a spot, a work-item a column of its box. Every
// item computes the optimiser's step, so that it need not be communicated.
// Defines: BOX; WIDTH, the items of a group, at least BOX.
#include "shared/lm.clh"
#include "shared/spline.clh"
#include "spots/columns.clh"

GROUP_KERNEL(fit_spline, WIDTH, 1, 1) {
  const spot_model model = {SPLINE_PARAMETERS, 0, 0, BOX, PSF_SPLINE};
  local float shared[COLUMN_SUMS * (WIDTH + 1)];
  const int row = get_group_id(0);
  if (row >= min(min(total[0], p.fit.capacity), items)) return;
  const int item = get_local_id(0), column = min(item, BOX - 1);
  const int flag = p.fit.has_flags ? flags[row] : 0;
  const spot_data data = column_data(p.fit, spots, noise, flag, row, column);
  const int end = column_end(data.cut, column);
  float own[COLUMN_SUMS], sums[COLUMN_SUMS], begin[PARAMETERS_MAX];

  spline_likeness(data.cut.top, end, BOX, p, tables + column, data, BOX, own);
  add_columns(own, SPLINE_LIKENESS(p), shared, sums);
  if (data.is_cut) {
    float prepared[COLUMN_SUMS], squares[COLUMN_SUMS];
    spline_prepared(data.cut.top, end, BOX, p, tables + column, 0, own);
    add_columns(own, p.fit.starts, shared, prepared);
    spline_prepared(data.cut.top, end, BOX, p, tables + column, 1, own);
    add_columns(own, p.fit.starts, shared, squares);
    spline_cut(p, prepared, squares, cut_pixels(data.cut), sums);
  }
  const whole valid = sums[p.fit.starts] * 0.0f == 0.0f;
  const int k = spline_most_like(p, sums);
  spline_linear(BOX, p, tables + column, data, BOX, k, own);
  add_columns(own, 4, shared, sums);
  spline_start(p, k, sums, begin);

  lm_fit fit;
  lm_begin(model, 1, valid, begin, &fit);
  do {
    const spline_place place = spline_locate(BOX, p, fit.trial[0], fit.trial[1], fit.trial[4]);
    spline_column(data.cut.top, end, p, spline_cells(p, grid, place) + column, place, data, BOX,
                  fit.trial[2], fit.trial[3], 0, own);
    add_columns(own, SPLINE_SUMS, shared, sums);
    real score[PARAMETERS_MAX], information[PACKED_MAX];
    spline_complete(p, fit.trial[2], sums, score, information);
    lm_step(model, p.fit, score, information, &fit);
  } while (fit.state == FIT_RUNNING);
  if (item != 0) return;
  for (int i = 0; i < PARAMETERS_MAX; i++)
    theta[(size_t)row * PARAMETERS_MAX + i] = lm_result(&fit, i);
  iterations[row] = fit.iterations;
  state[row] = fit.state;
}
