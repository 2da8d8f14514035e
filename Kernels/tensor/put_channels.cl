// Dense rows of channels to rows that stand `pitch` apart: one part of a concatenation.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void put_channels(const glint_channels_params p, global const float *in, global float *out,
                         const int items) {
  const int i = get_global_id(0);
  if (i < items) out[i / p.channels * p.pitch + p.offset + i % p.channels] = in[i];
}
