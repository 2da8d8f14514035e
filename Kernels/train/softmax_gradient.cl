// The gradient through a softmax from its result: an item is a pixel.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void softmax_gradient(const glint_channels_params p, global const float *y,
                             global const float *given, global float *out, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  y += i * p.channels;
  given += i * p.channels;
  out += i * p.channels;
  float sum = 0.0f;
  for (int c = 0; c < p.channels; c++) sum = fma(given[c], y[c], sum);
  for (int c = 0; c < p.channels; c++) out[c] = y[c] * (given[c] - sum);
}
