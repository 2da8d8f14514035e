// The gradient through a learned slope below zero: one for all channels (pitch 0) or one per channel.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(prelu_gradient) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const float slope = slopes[p.pitch ? i % p.channels : 0];
  out[i] = x[i] < 0.0f ? given[i] * slope : given[i];
}
