// Net gradient of each listed maximum, one per work-item; see net_gradient.inc.
#include "shared/detect_kernels.h"
#include "shared/real.clh"

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
      const int above = glint_opposite(y + v - 1, y, height) * width;
      const int below = glint_opposite(y + v + 1, y, height) * width;
      const int row = glint_opposite(y + v, y, height) * width, column = glint_opposite(x + u, x, width);
      const int left = glint_opposite(x + u - 1, x, width), right = glint_opposite(x + u + 1, x, width);
      const float dy = image[below + column] - image[above + column];
      const float dx = image[row + right] - image[row + left];
      const float length = sqrt((float)v * (float)v + (float)u * (float)u);
      sum += dy * ((float)-v / length) + dx * ((float)-u / length);
    }
  values[item] = sum * (p.has_weights ? weights[indices[item]] : 1.0f);
}
