// Images of emitters with a spline PSF: a work-group draws a line of all frames of a movie.
// Defines: ITEMS, 16 or 1, see shared/lanes16.clh.
#include "shared/spline_draw.clh"

GROUP_KERNEL(draw_splines, ITEMS, 1, 1) {
  const int item = get_group_id(0);
  if (item >= items) return;
  draw_spline_line(p, item, photons, place, grid, out, space + (size_t)item * glint_draw_splines_space(p));
}
