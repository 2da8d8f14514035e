// The number of pixels of a row that reach the threshold; an item is a row.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL_OF(row_counts, pixel_counts) {
  const int row = get_global_id(0);
  if (row >= items) return;
  int n = 0;
  for (int x = 0; x < p.width; x++) n += map[row * p.width + x] >= p.threshold;
  counts[row] = n;
}
