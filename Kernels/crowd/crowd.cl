// The multi-emitter fit: a work-group fits the molecules of one block.
// Defines: ITEMS, 16 or 1, see shared/lanes16.clh; SPLINE, 1 for a spline PSF.
#include "shared/crowd.clh"

GROUP_KERNEL(crowd, ITEMS, 1, 1) {
  WORK crowd_work work;
  const int number = get_group_id(0);
  if (number >= items) return;
  const crowd_rows rows = {place, light, height, bound, worth};
  crowd_of_block(p, number, &work, space + (size_t)number * glint_crowd_space(p), counts, noise, grid, rows, found);
}
