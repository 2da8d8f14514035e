// Transposed convolution gathered from its output: an item is one output pixel and CHANNELS output
// channels.
#include "conv/epilogue.clh"

#define CHANNELS 8

kernel void transposed(const glint_conv_params p, global const float *x, global const float *w,
                       global float *out, EPILOGUE_ARGUMENTS, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int blocks = (p.out_channels + CHANNELS - 1) / CHANNELS;
  const int pixel = i / blocks, k = i % blocks * CHANNELS;
  const int ox = pixel % p.out_width, oy = pixel / p.out_width % p.out_height;
  const int image = pixel / (p.out_width * p.out_height);
  const int part = min(CHANNELS, p.out_channels - k);
  float8 sum = 0.0f;
  for (int ky = 0; ky < p.kernel_height; ky++) {
    const int sy = oy + p.pad_top - ky * p.dilation;
    if (sy < 0 || sy % p.stride || sy / p.stride >= p.height) continue;
    for (int kx = 0; kx < p.kernel_width; kx++) {
      const int sx = ox + p.pad_left - kx * p.dilation;
      if (sx < 0 || sx % p.stride || sx / p.stride >= p.width) continue;
      global const float *in =
          x + ((image * p.height + sy / p.stride) * p.width + sx / p.stride) * p.in.pitch +
          p.in.first;
      global const float *tap = w + (ky * p.kernel_width + kx) * p.channels * p.out_channels + k;
      if (part == CHANNELS) {
        for (int c = 0; c < p.channels; c++)
          sum = fma((float8)in[c], vload8(0, tap + c * p.out_channels), sum);
      } else {
        for (int c = 0; c < p.channels; c++) {
          float row[CHANNELS] = {0};
          for (int j = 0; j < part; j++) row[j] = tap[c * p.out_channels + j];
          sum = fma((float8)in[c], vload8(0, row), sum);
        }
      }
    }
  }
  float y[CHANNELS];
  vstore8(sum, 0, y);
  const int to = pixel * p.out.pitch + p.out.first + k;
  for (int j = 0; j < part; j++) out[to + j] = EPILOGUE(p, y[j], k + j, pixel);
}
