// Sums of chunks to those of all pixels; an item is a channel.
#include "shared/real.clh"
#include "shared/train_params.h"

kernel void sum_chunks(const glint_sum_params p, global const float *partial, global float *out,
                       const int items) {
  const int c = get_global_id(0);
  if (c >= items) return;
  float sum = 0.0f;
  for (int at = c; at < (p.pixels + p.chunk - 1) / p.chunk * p.channels; at += p.channels)
    sum = fma(partial[at], p.one, sum);
  out[c] = sum;
}
