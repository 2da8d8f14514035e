// Transposed convolution gathered from its output: an item is one output value.
#include "conv/epilogue.clh"

kernel void transposed(const glint_conv_params p, global const float *x, global const float *w,
                       global float *out, EPILOGUE_ARGUMENTS, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int pixel = i / p.out_channels, k = i % p.out_channels;
  const int ox = pixel % p.out_width, oy = pixel / p.out_width % p.out_height;
  const int image = pixel / (p.out_width * p.out_height);
  float sum = 0.0f;
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
      for (int c = 0; c < p.channels; c++) sum = fma(in[c], tap[c * p.out_channels], sum);
    }
  }
  out[pixel * p.out.pitch + p.out.first + k] = EPILOGUE(p, sum, k, pixel);
}
