// Each frame smoothed by a narrow Gaussian minus the same by a wide one.
#include "detect/difference.clh"

GROUP_KERNEL(difference_of_gaussians, TILE_WIDTH, TILE_HEIGHT, 1) {
  local float narrow[TILE], wide[TILE];
  const size_t start = get_group_id(2) * (size_t)p.height * p.width;
  const float2 sums = difference_at(images + start, p.height, p.width, narrow, wide);
  const int x = get_global_id(0), y = get_global_id(1);
  if (x < p.width && y < p.height) out[start + y * p.width + x] = sums.x - sums.y;
}
