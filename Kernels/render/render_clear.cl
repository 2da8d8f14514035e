// Sets every pixel's sum to zero.
#include "shared/render_kernels.h"

KERNEL(render_clear) {
  const int i = get_global_id(0);
  if (i < items) sums[i] = (uint2)(0);
}
