// Selected maxima as one list over the batch, in (frame, y, x) order. A group is a
// frame; its entries start after those of the earlier frames.
#include "detect/group.clh"
#include "shared/detect_kernels.h"

GROUP_KERNEL(select_peaks, GROUP, 1, 1) {
  local int shared[GROUP];
  const int frame = get_group_id(0), count = counts[frame];
  int before = 0;
  for (int i = get_local_id(0); i < frame; i += GROUP) before += kept[i];
  int row = group_sum(shared, before);
  if (frame == p.frames - 1 && get_local_id(0) == 0) total[0] = row + kept[frame];
  for (int start = 0; start < count; start += GROUP) {
    const int i = start + get_local_id(0);
    const size_t entry = (size_t)frame * p.list_capacity + i;
    const int above = i < count && GLINT_SELECTS(p, indices[entry], values[entry], cutoff[frame]);
    const int2 place = group_place(shared, above);
    const int at = row + place.x;
    if (above && at < p.capacity) {
      peaks[3 * at] = frame;
      peaks[3 * at + 1] = indices[entry] / p.width;
      peaks[3 * at + 2] = indices[entry] % p.width;
      score[at] = values[entry];
    }
    row += place.y;
  }
}
