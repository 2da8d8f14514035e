// Adds each localization's pixel-integrated Gaussian, one localization per work-item; see render.inc.
#include "render/sum.clh"
#include "shared/render.clh"

/// Integral of the Gaussian up to the left edge of pixel k.
static float mass_below(int k, float place, float per_sigma) {
  return normal_below((((float)k - 0.5f) - place) * per_sigma);
}

static float mass_sum(int centre, int radius, float place, float per_sigma) {
  float sum = 0, below = mass_below(centre - radius, place, per_sigma);
  for (int k = centre - radius; k <= centre + radius; k++) {
    const float next = mass_below(k + 1, place, per_sigma);
    sum += next - below;
    below = next;
  }
  return sum;
}

KERNEL_OF(gaussian_sums, render_gaussian) {
  const int i = get_global_id(0);
  if (i >= items || i >= count[0]) return;
  const float x = xs[i], y = ys[i];
  if (!(y > -p.max_radius - 1.0f && y < p.height + p.max_radius + 1.0f)) return;
  if (!(x > -p.max_radius - 1.0f && x < p.width + p.max_radius + 1.0f)) return;
  if (!(sigmas[i] < INFINITY) || weights[i] != weights[i]) return;
  const float sigma = sigmas[i] > 0.001f ? sigmas[i] : 0.001f;
  const float reach = 4.0f * sigma + 1.0f;
  const int radius = reach < p.max_radius ? (int)reach : p.max_radius;
  const int column = (int)floor(x + 0.5f), row = (int)floor(y + 0.5f);
  const float per_sigma = 1.0f / sigma;
  const float sum_x = mass_sum(column, radius, x, per_sigma);
  const float scale = weights[i] / (sum_x * mass_sum(row, radius, y, per_sigma));
  const int left = max(column - radius, 0), right = min(column + radius, p.width - 1);
  const int top = max(row - radius, 0), bottom = min(row + radius, p.height - 1);
  float above = mass_below(top, y, per_sigma);
  for (int v = top; v <= bottom; v++) {
    const float below = mass_below(v + 1, y, per_sigma);
    const float share = (below - above) * scale;
    above = below;
    float before = mass_below(left, x, per_sigma);
    for (int u = left; u <= right; u++) {
      const float after = mass_below(u + 1, x, per_sigma);
      render_add(sums + 2 * ((size_t)v * p.width + u), render_units(share * (after - before)));
      before = after;
    }
  }
}
