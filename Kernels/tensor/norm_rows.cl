// Sums, squares about a mean, or extremes along one image row for one channel, in the order of norm.inc.
// An item is one channel of a row.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(norm_rows) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int row = i / p.channels, c = i % p.channels;
  global const float *in = x + row * p.width * p.channels + c;
  float first = p.kind == glint_norm_moments ? 0.0f : in[0], second = first;
  if (p.kind != glint_norm_moments) {
    for (int k = 0; k < p.width; k++) {
      const float v = in[k * p.channels];
      first = v < first ? v : first;
      second = v > second ? v : second;
    }
  } else if (SECOND_PASS) {
    const int set = p.across ? 0 : row / p.height;
    const float mean = statistics[(set * p.groups + c / (p.channels / p.groups)) * 2];
    for (int k = 0; k < p.width; k++) {
      const float d = in[k * p.channels] - mean;
      first = fma(d, d, first);
    }
  } else {
    for (int k = 0; k < p.width; k++) first += in[k * p.channels];
  }
  partial[2 * i] = first;
  partial[2 * i + 1] = second;
}
