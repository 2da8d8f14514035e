// Sums along a row, per channel, of the gradient given and of it times the normalised value. An item
// is a row's channel; norm.inc has the same order of operations.
#include "shared/real.clh"
#include "shared/train_params.h"

kernel void norm_gradient_rows(const glint_norm_gradient_params q, global const float *x,
                               global const float *statistics, global const float *given,
                               global float *partial, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const glint_norm_params p = q.norm;
  const int row = i / p.channels, c = i % p.channels;
  const int group = (p.across ? 0 : row / p.height) * p.groups + c / (p.channels / p.groups);
  const float centre = statistics[2 * group], factor = statistics[2 * group + 1];
  float first = 0.0f, second = 0.0f;
  for (int k = 0; k < p.width; k++) {
    const int at = (row * p.width + k) * p.channels + c;
    const float y = (x[at] - centre) * factor;
    first = fma(given[at], q.one, first);
    second = fma(given[at], y, second);
  }
  partial[2 * i] = first;
  partial[2 * i + 1] = second;
}
