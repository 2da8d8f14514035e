// How many local maxima a row of a volume has; an item is a row.
#include "tensor/volume.clh"

kernel void volume_counts(const glint_list_params q, global const float *volume,
                          global int *counts, const int items) {
  const int row = get_global_id(0);
  if (row >= items) return;
  const int y = row % q.height;
  global const float *frame = volume + (size_t)(row - y) * q.width * q.channels;
  int n = 0;
  for (int x = 0; x < q.width; x++)
    for (int z = 0; z < q.channels; z++) n += volume_test(&q, frame, y, x, z);
  counts[row] = n;
}
