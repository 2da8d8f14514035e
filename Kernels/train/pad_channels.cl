// Copies dense rows into rows of zeros of length `pitch`; an item is one value of the result.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(pad_channels) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int c = i % p.pitch - p.offset;
  out[i] = c >= 0 && c < p.channels ? in[i / p.pitch * p.channels + c] : 0.0f;
}
