// The gradient through a softmax, from its result: an item is a pixel.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(softmax_gradient) {
  const int i = get_global_id(0);
  if (i >= items) return;
  y += i * p.channels;
  given += i * p.channels;
  out += i * p.channels;
  float sum = 0.0f;
  for (int c = 0; c < p.channels; c++) sum = fma(given[c], y[c], sum);
  for (int c = 0; c < p.channels; c++) out[c] = y[c] * (given[c] - sum);
}
