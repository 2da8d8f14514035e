// The gradient of a normalisation from the sums of its group; an item is one value.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(norm_gradient_apply) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const glint_norm_params norm = p.norm;
  const int set = norm.across ? 0 : i / (norm.height * norm.width * norm.channels);
  const int group = set * norm.groups + i % norm.channels / (norm.channels / norm.groups);
  const float centre = statistics[2 * group], factor = statistics[2 * group + 1];
  if (norm.kind == glint_norm_moments) {
    const float y = (x[i] - centre) * factor;
    out[i] = fma(0.0f - sums[2 * group + 1], y, given[i] - sums[2 * group]) * factor;
    return;
  }
  float result = given[i] * factor;
  if (places[2 * group] == i) result += sums[2 * group];
  if (places[2 * group + 1] == i) result += sums[2 * group + 1];
  out[i] = result;
}
