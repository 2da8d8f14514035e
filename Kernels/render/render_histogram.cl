// Adds each localization's weight to the pixel that contains it, one localization per work-item.
#include "render/sum.clh"

KERNEL_OF(histogram_sums, render_histogram) {
  const int i = get_global_id(0);
  if (i >= items || i >= count[0]) return;
  const float x = floor(xs[i] + 0.5f), y = floor(ys[i] + 0.5f);
  if (!(y >= 0 && y < p.height && x >= 0 && x < p.width) || weights[i] != weights[i]) return;
  render_add(sums + 2 * ((size_t)y * p.width + (size_t)x), render_units(weights[i]));
}
