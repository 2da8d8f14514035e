// Maximum or average over a window; positions outside the image are ignored. An item is one value.
#include "shared/real.clh"
#include "shared/storage.clh"
#include "shared/tensor_kernels.h"

KERNEL_OF(resize, pool) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int c = i % p.channels, pixel = i / p.channels;
  const int left = pixel % p.out_width * p.stride - p.pad_left;
  const int top = pixel / p.out_width % p.out_height * p.stride - p.pad_top;
  const int image = pixel / (p.out_width * p.out_height);
  int count = 0;
  float sum = 0.0f, most = -INFINITY;
  for (int iy = max(top, 0); iy < min(top + p.window, p.height); iy++)
    for (int ix = max(left, 0); ix < min(left + p.window, p.width); ix++) {
      const float v = READ(
          in, ((image * p.height + iy) * p.width + ix) * p.in.pitch + p.in.first + c);
      sum += v;
      most = v > most ? v : most;
      count++;
    }
  WRITE(out, pixel * p.out.pitch + p.out.first + c,
        p.kind == glint_pool_max ? most : sum / (float)count);
}
