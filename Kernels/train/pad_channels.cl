// Dense rows into rows of zeros `pitch` long; an item is one value of the result.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void pad_channels(const glint_channels_params p, global const float *in, global float *out,
                         const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int c = i % p.pitch - p.offset;
  out[i] = c >= 0 && c < p.channels ? in[i / p.pitch * p.channels + c] : 0.0f;
}
