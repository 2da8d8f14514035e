// Local maxima of a volume with the centre of gravity of their windows, in order; an item is a row.
#include "tensor/volume.clh"

KERNEL_OF(row_list, volume_list) {
  const int row = get_global_id(0);
  if (row >= items) return;
  const int y = row % p.height, depth = p.channels, r = p.radius;
  global const float *frame = map + (size_t)(row - y) * p.width * depth;
  int n = starts[row];
  for (int x = 0; x < p.width; x++)
    for (int z = 0; z < depth && n < p.room; z++) {
      if (!volume_test(&p, frame, y, x, z)) continue;
      float sum = 0.0f, sum_x = 0.0f, sum_y = 0.0f, sum_z = 0.0f;
      for (int v = max(y - r, 0); v <= min(y + r, p.height - 1); v++)
        for (int u = max(x - r, 0); u <= min(x + r, p.width - 1); u++)
          for (int w = max(z - r, 0); w <= min(z + r, depth - 1); w++) {
            const float value = frame[(v * p.width + u) * depth + w];
            sum += value;
            sum_x += value * (float)(u - x);
            sum_y += value * (float)(v - y);
            sum_z += value * (float)(w - z);
          }
      places[4 * n] = row / p.height;
      places[4 * n + 1] = y;
      places[4 * n + 2] = x;
      places[4 * n + 3] = z;
      values[4 * n] = (float)x + sum_x / sum;
      values[4 * n + 1] = (float)y + sum_y / sum;
      values[4 * n + 2] = (float)z + sum_z / sum;
      values[4 * n + 3] = frame[(y * p.width + x) * depth + z];
      n++;
    }
}
