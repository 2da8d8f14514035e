// How many pixels of a row reach the threshold; an item is a row.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void pixel_counts(const glint_list_params q, global const float *score, global int *counts,
                         const int items) {
  const int row = get_global_id(0);
  if (row >= items) return;
  int n = 0;
  for (int x = 0; x < q.width; x++) n += score[row * q.width + x] >= q.threshold;
  counts[row] = n;
}
