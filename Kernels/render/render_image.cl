// Converts sums to floats.
#include "shared/real.clh"
#include "shared/render_kernels.h"

KERNEL(render_image) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const long units = as_long((ulong)sums[i].y << 32 | sums[i].x);
  image[i] = (float)units * (1.0f / GLINT_RENDER_ONE);
}
