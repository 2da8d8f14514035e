// Exchanges channels and outputs of weights; an item is one value of the result.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(turn_weights) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int c = i % p.channels, k = i / p.channels % p.outputs;
  const int tap = i / (p.channels * p.outputs);
  out[i] = in[((p.flipped ? p.taps - 1 - tap : tap) * p.channels + c) * p.outputs + k];
}
