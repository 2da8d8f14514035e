// Two planes of the undecimated B-spline transform: first minus second smoothing, and image minus
// first smoothing.
#include "detect/difference.clh"

GROUP_KERNEL(wavelet, TILE_WIDTH, TILE_HEIGHT, 1) {
  local float narrow[TILE], wide[TILE];
  const size_t start = get_group_id(2) * (size_t)p.height * p.width;
  const float2 sums = difference_at(images + start, p.height, p.width, narrow, wide);
  const int x = get_global_id(0), y = get_global_id(1);
  if (x < p.width && y < p.height) {
    const size_t at = start + y * p.width + x;
    out[at] = sums.x - sums.y;
    const float value = images[at], rest = value - sums.x;
    fine[at] = fabs(rest) <= fabs(value) * GLINT_WAVELET_ROUNDING ? 0.0f : rest;
  }
}
