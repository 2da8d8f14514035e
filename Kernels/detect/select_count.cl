// How many of a frame's listed values are above its cut-off. A group is a frame.
#include "detect/group.clh"
#include "shared/detect_params.h"

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void select_count(
    const glint_select_params p, global const float *values, global const int *counts,
    global const float *cutoff, global int *kept, const int items) {
  local int shared[GROUP];
  const size_t frame = get_group_id(0);
  int own = 0;
  for (int i = get_local_id(0); i < counts[frame]; i += GROUP)
    own += values[frame * p.list_capacity + i] > cutoff[frame];
  const int sum = group_sum(shared, own);
  if (get_local_id(0) == 0) kept[frame] = sum;
}
