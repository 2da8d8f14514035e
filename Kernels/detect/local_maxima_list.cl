// Combines the rows' maxima into one list per frame. A group is a frame, an item takes a row at a time.
#include "detect/group.clh"
#include "shared/detect_kernels.h"

GROUP_KERNEL(local_maxima_list, GROUP, 1, 1) {
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
      indices[entry] = pixel;
      values[entry] = image[pixel] * (p.has_weights ? weights[pixel] : 1.0f);
    }
    n += place.y;
  }
  if (get_local_id(0) == 0) counts[frame] = n;
}
