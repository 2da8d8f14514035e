// Each channel times its scale plus its shift.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void channel_affine(const glint_channels_params p, global const float *in,
                           global const float *scale, global const float *shift, global float *out,
                           const int items) {
  const int i = get_global_id(0);
  if (i < items) out[i] = fma(in[i], scale[i % p.channels], shift[i % p.channels]);
}
