// Narrow minus wide Gaussian of each frame.
#include "detect/difference.clh"

kernel __attribute__((reqd_work_group_size(TILE_WIDTH, TILE_HEIGHT, 1))) void
difference_of_gaussians(const glint_difference_params p, global const float *images,
                        global float *out, const int items) {
  local float narrow[TILE], wide[TILE];
  const size_t start = get_group_id(2) * (size_t)p.height * p.width;
  const float2 sums = difference_at(images + start, p.height, p.width, narrow, wide);
  const int x = get_global_id(0), y = get_global_id(1);
  if (x < p.width && y < p.height) out[start + y * p.width + x] = sums.x - sums.y;
}
