// Cut-off from the quantiles of a frame's list, found by bisection over the floats' bit patterns; see
// dynamic_cutoff.inc. A group is a frame.
#include "detect/group.clh"
#include "shared/detect_params.h"
#include "shared/real.clh"

/// Integers in the order of the floats, and back: the map is its own inverse.
static int cutoff_key(int bits) { return bits ^ (bits >> 31 & 0x7fffffff); }

/// How many values have a key up to `key`.
static int cutoff_count(local int *shared, global const float *values, int n, int key) {
  int up_to = 0;
  for (int i = get_local_id(0); i < n; i += GROUP) up_to += cutoff_key(as_int(values[i])) <= key;
  return group_sum(shared, up_to);
}

/// The smallest key greater than `key`; INT_MAX where there is none.
static int cutoff_next(local int *shared, global const float *values, int n, int key) {
  const int lane = get_local_id(0);
  int next = INT_MAX;
  for (int i = lane; i < n; i += GROUP) {
    const int other = cutoff_key(as_int(values[i]));
    if (other > key) next = min(next, other);
  }
  shared[lane] = next;
  for (int upper = GROUP / 2; upper > 0; upper /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < upper) shared[lane] = min(shared[lane], shared[lane + upper]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  next = shared[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return next;
}

static float cutoff_quantile(local int *shared, global const float *values, int n, int percent) {
  const long place = (long)(n - 1) * percent;
  const int rank = place / 100;
  int low = INT_MIN, high = INT_MAX;
  while (low < high) {
    const int key = ((long)low + high) >> 1;
    if (cutoff_count(shared, values, n, key) > rank)
      high = key;
    else
      low = key + 1;
  }
  int next = low;
  if (rank + 1 < n && cutoff_count(shared, values, n, low) <= rank + 1)
    next = cutoff_next(shared, values, n, low);
  const float from = as_float(cutoff_key(low)), to = as_float(cutoff_key(next));
  return from + (to - from) * ((float)(place % 100) * 0.01f);
}

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void dynamic_cutoff(
    const glint_dynamic_cutoff_params p, global const float *lists, global const int *counts,
    global float *cutoff, const int items) {
  local int shared[GROUP];
  const size_t frame = get_group_id(0);
  global const float *values = lists + frame * p.capacity;
  const int n = counts[frame];
  float result = INFINITY;
  if (n > 0) {
    const float low = cutoff_quantile(shared, values, n, 20);
    const float median = cutoff_quantile(shared, values, n, 50);
    const float high = cutoff_quantile(shared, values, n, 80);
    result = median + (high - low) * p.scale;
  }
  if (get_local_id(0) == 0) cutoff[frame] = result;
}
