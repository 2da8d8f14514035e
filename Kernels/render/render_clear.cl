// Zero for every pixel's sum.
#include "shared/render_params.h"

kernel void render_clear(const glint_render_params p, global uint2 *sums, const int items) {
  const int i = get_global_id(0);
  if (i < items) sums[i] = (uint2)(0);
}
