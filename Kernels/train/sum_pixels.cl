// Sums of values, or of products with a second tensor, over a chunk of pixels. An item is one channel
// of a chunk.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(sum_pixels) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int first = i / p.channels * p.chunk, last = min(first + p.chunk, p.pixels);
  float sum = 0.0f;
  for (int at = first * p.channels + i % p.channels; at < last * p.channels; at += p.channels)
    sum = fma(left[at], PRODUCT ? right[at] : p.one, sum);
  partial[i] = sum;
}
