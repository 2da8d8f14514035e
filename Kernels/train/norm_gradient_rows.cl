// Sums along a row, per channel, of the given gradient and of it times the normalised value. An item is
// one channel of a row; norm.inc has the same order of operations.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(norm_gradient_rows) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const glint_norm_params norm = p.norm;
  const int row = i / norm.channels, c = i % norm.channels;
  const int set = norm.across ? 0 : row / norm.height;
  const int group = set * norm.groups + c / (norm.channels / norm.groups);
  const float centre = statistics[2 * group], factor = statistics[2 * group + 1];
  float first = 0.0f, second = 0.0f;
  for (int k = 0; k < norm.width; k++) {
    const int at = (row * norm.width + k) * norm.channels + c;
    const float y = (x[at] - centre) * factor;
    first = fma(given[at], p.one, first);
    second = fma(given[at], y, second);
  }
  partial[2 * i] = first;
  partial[2 * i + 1] = second;
}
