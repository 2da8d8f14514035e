// Multiplies values below zero by a slope: one for all channels (pitch 0) or one per channel.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(prelu) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const float slope = slopes[p.pitch ? i % p.channels : 0];
  out[i] = in[i] < 0.0f ? in[i] * slope : in[i];
}
