// The gradient of a convolution with respect to its weights over a part of the pixels (`block` output
// rows): an item is one input channel of a tap, with CHANNELS outputs.
#include "shared/real.clh"
#include "shared/train_kernels.h"

#define CHANNELS 8

KERNEL(weight_gradient) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int blocks = (p.out_channels + CHANNELS - 1) / CHANNELS;
  const int k = i % blocks * CHANNELS, line = i / blocks;
  const int c = line % p.channels, tap = line / p.channels % (p.kernel_height * p.kernel_width);
  const int part = line / (p.channels * p.kernel_height * p.kernel_width);
  const int ky = tap / p.kernel_width, kx = tap % p.kernel_width;
  const int most = min(CHANNELS, p.out_channels - k);
  const int last = min((part + 1) * p.block, p.batch * p.out_height);
  float8 sum = 0.0f;
  for (int row = part * p.block; row < last; row++) {
    const int iy = row % p.out_height * p.stride - p.pad_top + ky * p.dilation;
    if (iy < 0 || iy >= p.height) continue;
    for (int ox = 0; ox < p.out_width; ox++) {
      const int ix = ox * p.stride - p.pad_left + kx * p.dilation;
      if (ix < 0 || ix >= p.width) continue;
      const float value =
          x[((row / p.out_height * p.height + iy) * p.width + ix) * p.channels + c];
      global const float *g = given + (row * p.out_width + ox) * p.out_channels + k;
      if (most == CHANNELS) {
        sum = fma((float8)value, vload8(0, g), sum);
      } else {
        float some[CHANNELS] = {0};
        for (int j = 0; j < most; j++) some[j] = g[j];
        sum = fma((float8)value, vload8(0, some), sum);
      }
    }
  }
  float y[CHANNELS];
  vstore8(sum, 0, y);
  for (int j = 0; j < most; j++) partial[line * p.out_channels + k + j] = y[j];
}
