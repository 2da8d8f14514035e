// The gradient through a chain of elementwise steps.
#include "shared/slopes.clh"

kernel void elementwise_gradient(const glint_elementwise_params p, global const float *x,
                                 global const float *given, global float *out, const int items) {
  const int i = get_global_id(0);
  if (i < items) out[i] = given[i] * elementwise_chain_slope(&p, x[i]);
}
