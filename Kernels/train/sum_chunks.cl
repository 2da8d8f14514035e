// Sums of chunks to those of all pixels; an item is a channel.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(sum_chunks) {
  const int c = get_global_id(0);
  if (c >= items) return;
  float sum = 0.0f;
  for (int at = c; at < (p.pixels + p.chunk - 1) / p.chunk * p.channels; at += p.channels)
    sum = fma(partial[at], p.one, sum);
  out[c] = sum;
}
