// Transposed convolution by gathering: an item is one output pixel and CHANNELS output channels.
#include "conv/channels.clh"

KERNEL_OF(convolution, transposed) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const channel_block own = channel_block_of(&p, i);
  float8 sum = 0.0f;
  for (int ky = 0; ky < p.kernel_height; ky++) {
    const int sy = own.y + p.pad_top - ky * p.dilation;
    if (sy < 0 || sy % p.stride || sy / p.stride >= p.height) continue;
    for (int kx = 0; kx < p.kernel_width; kx++) {
      const int sx = own.x + p.pad_left - kx * p.dilation;
      if (sx < 0 || sx % p.stride || sx / p.stride >= p.width) continue;
      sum = add_tap(&p, own, x, sx / p.stride, sy / p.stride, w, ky * p.kernel_width + kx, sum);
    }
  }
  write_channels(&p, own, sum, out, e0, e1, e2, e3);
}
