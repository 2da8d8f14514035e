// The gradient through a chain of elementwise steps.
#include "shared/slopes.clh"
#include "shared/train_kernels.h"

KERNEL(elementwise_gradient) {
  const int i = get_global_id(0);
  if (i < items) out[i] = given[i] * elementwise_chain_slope(&p, x[i]);
}
