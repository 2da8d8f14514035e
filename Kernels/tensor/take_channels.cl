// A range of channels as a dense tensor.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(take_channels) {
  const int i = get_global_id(0);
  if (i < items) out[i] = in[i / p.channels * p.pitch + p.offset + i % p.channels];
}
