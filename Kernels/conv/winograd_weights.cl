// Weights [3, 3, channels, outputs] for winograd.cl: [point, channel, output], outputs padded with zeros
// to a multiple of 32. An item is one channel and output.
#include "shared/conv_kernels.h"

#define OUTPUTS 32

static void transform(const float *g, const int from, float *u, const int to) {
  u[0] = g[0];
  u[to] = (g[0] + g[from] + g[2 * from]) * 0.5f;
  u[2 * to] = (g[0] - g[from] + g[2 * from]) * 0.5f;
  u[3 * to] = g[2 * from];
}

KERNEL_OF(packing, winograd_weights) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int padded = (p.out_channels + OUTPUTS - 1) / OUTPUTS * OUTPUTS;
  const int k = i % padded, c = i / padded;
  float g[9], half_way[12], u[16];
  for (int t = 0; t < 9; t++)
    g[t] = k < p.out_channels ? w[(t * p.channels + c) * p.out_channels + k] : 0.0f;
  for (int x = 0; x < 3; x++) transform(g + x, 3, half_way + x, 3);
  for (int y = 0; y < 4; y++) transform(half_way + 3 * y, 1, u + 4 * y, 1);
  for (int t = 0; t < 16; t++) packed[(t * p.channels + c) * padded + k] = u[t];
}
