// Standard deviation of each frame about its mean, over its finite pixels. A group is a frame; sum j
// takes the columns j, j + GLINT_SUMS, ... of all rows in order.
#include "detect/group.clh"
#include "shared/detect_kernels.h"
#include "shared/real.clh"

WITH_LOCAL float noise_total(local float *sums, float own) {
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

GROUP_KERNEL(wavelet_noise, GLINT_SUMS, 1, 1) {
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
