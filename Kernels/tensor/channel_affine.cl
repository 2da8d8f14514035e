// Each channel times its scale plus its shift.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(channel_affine) {
  const int i = get_global_id(0);
  if (i < items) out[i] = fma(in[i], scale[i % p.channels], shift[i % p.channels]);
}
