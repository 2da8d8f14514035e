// The gradient of pooling, gathered from the windows that contain a pixel: to the first maximum of each
// in reading order, or evenly. An item is one value of the image.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(pool_gradient) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int c = i % p.channels, pixel = i / p.channels;
  const int ix = pixel % p.width, iy = pixel / p.width % p.height;
  const int image = pixel / (p.width * p.height);
  const int top = iy + p.pad_top - p.window + 1, left = ix + p.pad_left - p.window + 1;
  const int oy0 = top > 0 ? (top + p.stride - 1) / p.stride : 0;
  const int ox0 = left > 0 ? (left + p.stride - 1) / p.stride : 0;
  const float own = x[i];
  float sum = 0.0f;
  for (int oy = oy0; oy < p.out_height && oy * p.stride <= iy + p.pad_top; oy++)
    for (int ox = ox0; ox < p.out_width && ox * p.stride <= ix + p.pad_left; ox++) {
      const int y0 = oy * p.stride - p.pad_top, x0 = ox * p.stride - p.pad_left;
      int count = 0, lost = 0;
      for (int v = max(y0, 0); v < min(y0 + p.window, p.height); v++)
        for (int u = max(x0, 0); u < min(x0 + p.window, p.width); u++) {
          const float other = x[((image * p.height + v) * p.width + u) * p.channels + c];
          const int earlier = v < iy || (v == iy && u < ix);
          lost |= earlier ? other >= own : other > own;
          count++;
        }
      const float share =
          p.kind == glint_pool_max ? (lost ? 0.0f : 1.0f) : 1.0f / (float)count;
      sum = fma(share,
                given[((image * p.out_height + oy) * p.out_width + ox) * p.channels + c], sum);
    }
  out[i] = sum;
}
