// The probability of one emitter from the pixels that share it; an item is a pixel.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void integrate_probability(const glint_list_params q, global const float *p,
                                  global float *out, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int x = i % q.width, y = i / q.width % q.height;
  const float own = p[i];
  float sum = 0.0f;
  if (own > q.threshold) {
    int most = 1;
    for (int v = y > 0 ? -1 : 0; v <= (y + 1 < q.height ? 1 : 0); v++)
      for (int u = x > 0 ? -1 : 0; u <= (x + 1 < q.width ? 1 : 0); u++)
        if (p[i + v * q.width + u] > own) most = 0;
    if (most || own > q.second) {
      sum = own;
      if (y > 0) sum += p[i - q.width];
      if (y + 1 < q.height) sum += p[i + q.width];
      if (x > 0) sum += p[i - 1];
      if (x + 1 < q.width) sum += p[i + 1];
      sum = sum < 1.0f ? sum : 1.0f;
    }
  }
  out[i] = sum;
}
