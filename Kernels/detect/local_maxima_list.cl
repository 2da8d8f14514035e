// The rows' maxima in one list for each frame. A group is a frame, an item takes a row at a time.
#include "detect/group.clh"
#include "shared/detect_params.h"

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void local_maxima_list(
    const glint_maxima_params p, global const float *images, global const int *columns,
    global const int *row_counts, global int *index, global float *value, global int *counts,
    const int items) {
  local int shared[GROUP];
  const size_t frame = get_group_id(0);
  global const float *image = images + frame * p.height * p.width;
  int n = 0;
  for (int start = 0; start < p.height; start += GROUP) {
    const int y = start + get_local_id(0);
    const size_t row = frame * p.height + y;
    const int own = y < p.height ? row_counts[row] : 0;
    const int2 place = group_place(shared, own);
    for (int i = 0; i < own; i++) {
      const int pixel = y * p.width + columns[row * p.row_capacity + i];
      const size_t entry = frame * p.capacity + n + place.x + i;
      index[entry] = pixel;
      value[entry] = image[pixel];
    }
    n += place.y;
  }
  if (get_local_id(0) == 0) counts[frame] = n;
}
