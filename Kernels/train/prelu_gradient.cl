// The gradient through a learned slope below zero: one for all channels (pitch 0) or one per channel.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void prelu_gradient(const glint_channels_params p, global const float *x,
                           global const float *slopes, global const float *given,
                           global float *out, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const float slope = slopes[p.pitch ? i % p.channels : 0];
  out[i] = x[i] < 0.0f ? given[i] * slope : given[i];
}
