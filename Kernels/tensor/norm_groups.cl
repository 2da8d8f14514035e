// Combines row statistics for a group of channels: what to subtract and to multiply by. An item is a
// group of an image, or of the batch. The fma preserves the order of the sum, which a compiler (Intel's
// for CPUs) would change in a plain sum of many terms.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(norm_groups) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int size = p.channels / p.groups, rows = (p.across ? p.batch : 1) * p.height;
  global const float *in = partial + (i / p.groups * rows * p.channels + i % p.groups * size) * 2;
  float first = p.kind == glint_norm_moments ? 0.0f : in[0];
  float second = p.kind == glint_norm_moments ? 0.0f : in[1];
  for (int row = 0; row < rows; row++)
    for (int c = 0; c < size; c++) {
      global const float *v = in + (row * p.channels + c) * 2;
      if (p.kind == glint_norm_moments) {
        first = fma(v[0], p.share, first);
      } else {
        first = v[0] < first ? v[0] : first;
        second = v[1] > second ? v[1] : second;
      }
    }
  float centre = 0.0f, factor = 0.0f;
  if (p.kind == glint_norm_range) {
    centre = first;
    factor = second > first ? 1.0f / (second - first) : 0.0f;
  } else if (p.kind == glint_norm_max) {
    factor = second > 0.0f ? 1.0f / second : 1.0f;
  } else if (SECOND_PASS) {
    centre = mean[2 * i];
    const float deviation = sqrt(first + p.epsilon);
    factor = deviation > 0.0f ? 1.0f / deviation : 0.0f;
  } else {
    centre = first;
  }
  statistics[2 * i] = centre;
  statistics[2 * i + 1] = factor;
}
