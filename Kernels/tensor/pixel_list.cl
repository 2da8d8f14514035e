// Pixels that reach the threshold with their features, in order; an item is a row.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL_OF(row_list, pixel_list) {
  const int row = get_global_id(0);
  if (row >= items) return;
  int n = starts[row];
  for (int x = 0; x < p.width && n < p.room; x++) {
    if (!(map[row * p.width + x] >= p.threshold)) continue;
    places[3 * n] = row / p.height;
    places[3 * n + 1] = row % p.height;
    places[3 * n + 2] = x;
    for (int c = 0; c < p.channels; c++)
      values[n * p.channels + c] = features[(row * p.width + x) * p.channels + c];
    n++;
  }
}
