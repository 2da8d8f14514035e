// The number of a frame's selected maxima. A group is a frame.
#include "detect/group.clh"
#include "shared/detect_kernels.h"

GROUP_KERNEL(select_count, GROUP, 1, 1) {
  local int shared[1];
  const size_t frame = get_group_id(0);
  int own = 0;
  for (int i = get_local_id(0); i < counts[frame]; i += GROUP) {
    const size_t entry = frame * p.list_capacity + i;
    own += GLINT_SELECTS(p, indices[entry], values[entry], cutoff[frame]);
  }
  const int sum = group_sum(shared, own);
  if (get_local_id(0) == 0) kept[frame] = sum;
}
