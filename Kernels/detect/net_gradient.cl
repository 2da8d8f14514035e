// Net gradient of each listed maximum, one per work-item; see net_gradient.inc.
#include "shared/detect_kernels.h"
#include "shared/real.clh"

static int wrapped(int i, int n) { return (i % n + n) % n; }

KERNEL(net_gradient) {
  const int item = get_global_id(0);
  if (item >= items || item % p.capacity >= counts[item / p.capacity]) return;
  const int width = p.width, height = p.height, reach = p.box / 2;
  global const float *image = images + (size_t)(item / p.capacity) * height * width;
  const int y = indices[item] / width, x = indices[item] % width;
  float sum = 0;
  for (int v = -reach; v <= reach; v++)
    for (int u = -reach; u <= reach; u++) {
      if (v == 0 && u == 0) continue;
      const int above = wrapped(y + v - 1, height) * width, row = wrapped(y + v, height) * width;
      const int below = wrapped(y + v + 1, height) * width, column = wrapped(x + u, width);
      const float dy = image[below + column] - image[above + column];
      const float dx = image[row + wrapped(x + u + 1, width)] - image[row + wrapped(x + u - 1, width)];
      const float length = sqrt((float)v * (float)v + (float)u * (float)u);
      sum += dy * ((float)-v / length) + dx * ((float)-u / length);
    }
  values[item] = sum;
}
