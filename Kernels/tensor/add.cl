// Sum of two tensors of one shape.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(add) {
  const int i = get_global_id(0);
  if (i < items) out[i] = left[i] + right[i];
}
