// Direct convolution: an item is one output pixel and CHANNELS output channels.
#include "conv/channels.clh"

KERNEL_OF(convolution, direct) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const channel_block own = channel_block_of(&p, i);
  float8 sum = 0.0f;
  for (int ky = 0; ky < p.kernel_height; ky++) {
    const int iy = own.y * p.stride - p.pad_top + ky * p.dilation;
    if (iy < 0 || iy >> p.enlarge >= p.height) continue;
    for (int kx = 0; kx < p.kernel_width; kx++) {
      const int ix = own.x * p.stride - p.pad_left + kx * p.dilation;
      if (ix < 0 || ix >> p.enlarge >= p.width) continue;
      sum = add_tap(&p, own, x, ix >> p.enlarge, iy >> p.enlarge, w, ky * p.kernel_width + kx, sum);
    }
  }
  write_channels(&p, own, sum, out, e0, e1, e2, e3);
}
