// Cut-off from the quantiles of a frame's list, found by bisection over the floats' bit patterns; see
// dynamic_cutoff.inc. A group is a frame.
#include "detect/group.clh"
#include "shared/detect_kernels.h"
#include "shared/real.clh"

/// Maps floats' bits to integers of the same order, and back: the map is its own inverse.
static int cutoff_key(int bits) { return bits ^ (bits >> 31 & 0x7fffffff); }

/// The number of values with a key up to `key`.
WITH_LOCAL int cutoff_count(local int *shared, global const float *values, int n, int key) {
  int up_to = 0;
  for (int i = get_local_id(0); i < n; i += GROUP) up_to += cutoff_key(as_int(values[i])) <= key;
  return group_sum(shared, up_to);
}

/// The smallest key greater than `key`; INT_MAX if there is none.
WITH_LOCAL int cutoff_next(local int *shared, global const float *values, int n, int key) {
  int next = INT_MAX;
  for (int i = get_local_id(0); i < n; i += GROUP) {
    const int other = cutoff_key(as_int(values[i]));
    next = other > key ? min(next, other) : next;
  }
  return group_least(shared, next);
}

WITH_LOCAL float cutoff_quantile(local int *shared, global const float *values, int n,
                                 int percent) {
  const long place = (long)max(n - 1, 0) * percent;
  const int rank = place / 100;
  int low = INT_MIN, high = INT_MAX;
  for (int bit = 0; bit < 32; bit++) {  // 2^32 keys: they meet after 32 halvings
    const int key = ((long)low + high) >> 1;
    const int above = cutoff_count(shared, values, n, key) > rank;
    high = above ? key : high;
    low = above ? low : key + 1;
  }
  const int up_to = cutoff_count(shared, values, n, low);
  const int after = cutoff_next(shared, values, n, low);
  const int next = rank + 1 < n && up_to <= rank + 1 ? after : low;
  const float from = as_float(cutoff_key(low)), to = as_float(cutoff_key(next));
  return from + (to - from) * ((float)(place % 100) * 0.01f);
}

GROUP_KERNEL(dynamic_cutoff, GROUP, 1, 1) {
  local int shared[1];
  const size_t frame = get_group_id(0);
  global const float *values = lists + frame * p.capacity;
  const int n = counts[frame];
  const float low = cutoff_quantile(shared, values, n, 20);
  const float median = cutoff_quantile(shared, values, n, 50);
  const float high = cutoff_quantile(shared, values, n, 80);
  if (get_local_id(0) == 0) cutoff[frame] = n > 0 ? median + (high - low) * p.scale : INFINITY;
}
