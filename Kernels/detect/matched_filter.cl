// The maximum over templates of the sum over the box around each pixel, divided by the noise there, for
// a tile of one frame by one work-group; sums have the order of matched_filter.inc, and pixels outside the
// frame are zero as there.
//
// Defines: TILE_WIDTH, TILE_HEIGHT, SIDE. A group has TILE_WIDTH x TILE_HEIGHT work-items, the third
// axis counts frames.
#include "shared/detect_kernels.h"
#include "shared/real.clh"

#define COLUMNS (TILE_WIDTH + SIDE - 1)
#define ROWS (TILE_HEIGHT + SIDE - 1)
#define TAPS (SIDE * SIDE)

/// The sum of template `t`, corrected for pixels outside the frame.
static float corrected(const float sum, const float light, global const float *edge, const int t,
                       const int width) {
  return fma(-edge[2 * t * width], light, sum) * edge[(2 * t + 1) * width];
}

GROUP_KERNEL(matched_filter, TILE_WIDTH, TILE_HEIGHT, 1) {
  local float tile[ROWS * COLUMNS];
  const size_t start = get_group_id(2) * (size_t)p.height * p.width;
  const int left = get_group_id(0) * TILE_WIDTH - SIDE / 2;
  const int top = get_group_id(1) * TILE_HEIGHT - SIDE / 2;
  const int lane = get_local_id(1) * TILE_WIDTH + get_local_id(0);
  for (int i = lane; i < ROWS * COLUMNS; i += TILE_WIDTH * TILE_HEIGHT) {
    const int y = top + i / COLUMNS, x = left + i % COLUMNS;
    const int inside = y >= 0 && y < p.height && x >= 0 && x < p.width;
    tile[i] = inside ? images[start + y * p.width + x] : 0.0f;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const int x = get_global_id(0), y = get_global_id(1);
  if (x >= p.width || y >= p.height) return;
  const int first = get_local_id(1) * COLUMNS + get_local_id(0);
  float best = -INFINITY, light = 0;
  for (int j = 0; j < SIDE; j++)
    for (int i = 0; i < SIDE; i++) light += tile[first + j * COLUMNS + i];
  global const float *edge =
      edges + GLINT_MATCHED_CLASS(y, p.height, SIDE) * (2 * p.templates + 1) * p.width + x;
  // Four templates per pixel that is read; indices past the last template repeat it.
  for (int t = 0; t < p.templates; t += 4) {
    const int last = p.templates - 1;
    global const float *a = templates + t * TAPS, *b = templates + min(t + 1, last) * TAPS;
    global const float *c = templates + min(t + 2, last) * TAPS;
    global const float *d = templates + min(t + 3, last) * TAPS;
    float4 sums = (float4)(0.0f);
    for (int j = 0; j < SIDE; j++)
      for (int i = 0; i < SIDE; i++) {
        const float pixel = tile[first + j * COLUMNS + i];
        const int k = j * SIDE + i;
        sums.x = fma(a[k], pixel, sums.x);
        sums.y = fma(b[k], pixel, sums.y);
        sums.z = fma(c[k], pixel, sums.z);
        sums.w = fma(d[k], pixel, sums.w);
      }
    best = GREATER(corrected(sums.x, light, edge, t, p.width), best);
    best = GREATER(corrected(sums.y, light, edge, min(t + 1, last), p.width), best);
    best = GREATER(corrected(sums.z, light, edge, min(t + 2, last), p.width), best);
    best = GREATER(corrected(sums.w, light, edge, min(t + 3, last), p.width), best);
  }
  const int pixel = y * p.width + x;
  const float read = p.has_noise ? noise[pixel] : p.read_noise;
  const float inside = edge[2 * p.templates * p.width];
  const float variance = fma(p.excess, GREATER(light * inside, 1.0f), read);
  out[start + pixel] = best / sqrt(variance);
}
