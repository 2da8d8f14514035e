// (x - centre) factor, then a scale and shift per channel if there are any; an item is one value.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(norm_apply) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int c = i % p.channels;
  float centre, factor;
  if (p.kind == glint_norm_given) {
    centre = mean[c];
    factor = 1.0f / sqrt(variance[c] + p.epsilon);
  } else {
    const int set = p.across ? 0 : i / (p.height * p.width * p.channels);
    const int group = set * p.groups + c / (p.channels / p.groups);
    centre = statistics[2 * group];
    factor = statistics[2 * group + 1];
  }
  const float y = (x[i] - centre) * factor;
  out[i] = p.has_affine ? fma(y, scale[c], shift[c]) : y;
}
