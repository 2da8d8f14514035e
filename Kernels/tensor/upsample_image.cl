// Nearest or bilinear enlargement by an integer factor; an item is one value of the result.
#include "shared/real.clh"
#include "shared/storage.clh"
#include "shared/tensor_kernels.h"

/// The first source pixel (possibly -1) and the weight of the next; pixel centres at half-integers.
static int source(const int out, const int factor, float *share) {
  const int twice = 2 * factor, at = 2 * out + 1 - factor + twice;
  *share = (float)(at % twice) / (float)twice;
  return at / twice - 1;
}

KERNEL_OF(resize, upsample_image) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int c = i % p.channels, pixel = i / p.channels;
  const int ox = pixel % p.out_width, oy = pixel / p.out_width % p.out_height;
  const int image = pixel / (p.out_width * p.out_height) * p.height;
  const int to = pixel * p.out.pitch + p.out.first + c;
#define PIXEL(y, x) READ(in, ((image + (y)) * p.width + (x)) * p.in.pitch + p.in.first + c)
  if (p.kind == glint_upsample_nearest) {
    WRITE(out, to, PIXEL(oy / p.stride, ox / p.stride));
    return;
  }
  float u, v;
  const int x = source(ox, p.stride, &u), y = source(oy, p.stride, &v);
  const int x0 = max(x, 0), x1 = min(x + 1, p.width - 1);
  const int y0 = max(y, 0), y1 = min(y + 1, p.height - 1);
  const float a0 = PIXEL(y0, x0), a1 = PIXEL(y0, x1), b0 = PIXEL(y1, x0), b1 = PIXEL(y1, x1);
  const float above = fma(a1 - a0, u, a0), below = fma(b1 - b0, u, b0);
  WRITE(out, to, fma(below - above, v, above));
}
