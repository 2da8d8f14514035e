// Standard deviation of each frame about its mean, over its finite pixels. A group is a frame; sum j
// takes the columns j, j + GLINT_SUMS, ... of all rows in order.
#include "shared/detect_params.h"
#include "shared/real.clh"

static float noise_total(local float *sums, float own) {
  const int lane = get_local_id(0);
  sums[lane] = own;
  for (int upper = GLINT_SUMS / 2; upper > 0; upper /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < upper) sums[lane] += sums[lane + upper];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const float total = sums[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return total;
}

kernel __attribute__((reqd_work_group_size(GLINT_SUMS, 1, 1))) void wavelet_noise(
    const glint_noise_params p, global const float *images, global float *noise, const int items) {
  local float sums[GLINT_SUMS];
  const size_t frame = get_group_id(0);
  global const float *row = images + frame * p.height * p.width;
  float sum = 0, square = 0, count = 0;
  for (int y = 0; y < p.height; y++, row += p.width)
    for (int x = get_local_id(0); x < p.width; x += GLINT_SUMS) {
      const float d = row[x];
      if (!(MAGNITUDE(d) <= FLT_MAX)) continue;
      sum += d;
      square = fma(d, d, square);
      count += 1.0f;
    }
  const float n = noise_total(sums, count);
  const float mean = noise_total(sums, sum) / n;
  const float variance = noise_total(sums, square) / n - mean * mean;
  if (get_local_id(0) == 0) noise[frame] = n == 0 ? INFINITY : variance <= 0 ? 0 : sqrt(variance);
}
