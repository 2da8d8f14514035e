// Copies dense rows of channels to rows that are `pitch` apart: one part of a concatenation.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(put_channels) {
  const int i = get_global_id(0);
  if (i < items) out[i / p.channels * p.pitch + p.offset + i % p.channels] = in[i];
}
