// The probability of an emitter, collected from its neighbouring pixels; an item is a pixel.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(integrate_probability) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int x = i % p.width, y = i / p.width % p.height;
  const float own = probability[i];
  float sum = 0.0f;
  if (own > p.threshold) {
    int most = 1;
    for (int v = y > 0 ? -1 : 0; v <= (y + 1 < p.height ? 1 : 0); v++)
      for (int u = x > 0 ? -1 : 0; u <= (x + 1 < p.width ? 1 : 0); u++)
        if (probability[i + v * p.width + u] > own) most = 0;
    if (most || own > p.second) {
      sum = own;
      if (y > 0) sum += probability[i - p.width];
      if (y + 1 < p.height) sum += probability[i + p.width];
      if (x > 0) sum += probability[i - 1];
      if (x + 1 < p.width) sum += probability[i + 1];
      sum = sum < 1.0f ? sum : 1.0f;
    }
  }
  out[i] = sum;
}
