// Pixels that reach the threshold with their features, in order; an item is a row.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void pixel_list(const glint_list_params q, global const float *score,
                       global const float *features, global const int *starts, global int *places,
                       global float *values, const int items) {
  const int row = get_global_id(0);
  if (row >= items) return;
  int n = starts[row];
  for (int x = 0; x < q.width && n < q.room; x++) {
    if (!(score[row * q.width + x] >= q.threshold)) continue;
    places[3 * n] = row / q.height;
    places[3 * n + 1] = row % q.height;
    places[3 * n + 2] = x;
    for (int c = 0; c < q.channels; c++)
      values[n * q.channels + c] = features[(row * q.width + x) * q.channels + c];
    n++;
  }
}
