// The gradient of a normalisation from the sums of its group; an item is one value.
#include "shared/real.clh"
#include "shared/train_params.h"

kernel void norm_gradient_apply(const glint_norm_gradient_params q, global const float *x,
                                global const float *statistics, global const float *given,
                                global const float *sums, global const int *places,
                                global float *out, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const glint_norm_params p = q.norm;
  const int set = p.across ? 0 : i / (p.height * p.width * p.channels);
  const int group = set * p.groups + i % p.channels / (p.channels / p.groups);
  const float centre = statistics[2 * group], factor = statistics[2 * group + 1];
  if (p.kind == glint_norm_moments) {
    const float y = (x[i] - centre) * factor;
    out[i] = fma(0.0f - sums[2 * group + 1], y, given[i] - sums[2 * group]) * factor;
    return;
  }
  float result = given[i] * factor;
  if (places[2 * group] == i) result += sums[2 * group];
  if (places[2 * group + 1] == i) result += sums[2 * group + 1];
  out[i] = result;
}
