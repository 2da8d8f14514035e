// Below zero times a slope: one for all channels (pitch 0) or one per channel.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void prelu(const glint_channels_params p, global const float *in, global const float *slopes,
                  global float *out, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const float slope = slopes[p.pitch ? i % p.channels : 0];
  out[i] = in[i] < 0.0f ? in[i] * slope : in[i];
}
