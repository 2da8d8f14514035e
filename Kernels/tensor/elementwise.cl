// A chain of elementwise steps in one pass.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void elementwise(const glint_elementwise_params p, global const float *in, global float *out,
                        const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  float x = in[i];
  for (int k = 0; k < p.count; k++) {
    if (p.kind[k] == glint_step_affine) x = fma(x, p.a[k], p.b[k]);
    if (p.kind[k] == glint_step_at_least) x = PICK(x > p.a[k], x, p.a[k]);
    if (p.kind[k] == glint_step_at_most) x = PICK(x < p.a[k], x, p.a[k]);
  }
  out[i] = x;
}
