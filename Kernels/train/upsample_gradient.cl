// The gradient of enlargement, gathered from the enlarged pixels that a source pixel affects. An item is
// one value of the small image.
#include "shared/real.clh"
#include "shared/train_kernels.h"

/// The weight of source pixel `in` in the enlarged pixel `out` along one axis; 1 for repetition.
static float upsample_share(const glint_spatial_params *p, const int out, const int in,
                            const int size) {
  if (p->kind == glint_upsample_nearest) return (float)p->window;
  const int twice = 2 * p->stride, at = 2 * out + 1 - p->stride + twice;
  const float share = (float)(at % twice) / (float)twice;
  const int low = at / twice - 1;
  return (max(low, 0) == in ? 1.0f - share : 0.0f) + (min(low + 1, size - 1) == in ? share : 0.0f);
}

KERNEL(upsample_gradient) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int c = i % p.channels, pixel = i / p.channels;
  const int ix = pixel % p.width, iy = pixel / p.width % p.height;
  const int reach = p.kind == glint_upsample_nearest ? 0 : p.stride;
  given += pixel / (p.width * p.height) * p.out_height * p.out_width * p.channels + c;
  float sum = 0.0f;
  for (int oy = max(iy * p.stride - reach, 0);
       oy < min((iy + 1) * p.stride + reach, p.out_height); oy++) {
    const float v = upsample_share(&p, oy, iy, p.height);
    for (int ox = max(ix * p.stride - reach, 0);
         ox < min((ix + 1) * p.stride + reach, p.out_width); ox++) {
      const float share = v * upsample_share(&p, ox, ix, p.width);
      sum = fma(share, given[(oy * p.out_width + ox) * p.channels], sum);
    }
  }
  out[i] = sum;
}
