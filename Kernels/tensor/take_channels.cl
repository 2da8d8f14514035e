// A range of channels as a dense tensor.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void take_channels(const glint_channels_params p, global const float *in, global float *out,
                          const int items) {
  const int i = get_global_id(0);
  if (i < items) out[i] = in[i / p.channels * p.pitch + p.offset + i % p.channels];
}
