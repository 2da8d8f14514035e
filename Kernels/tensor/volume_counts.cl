// The number of local maxima in a row of a volume; an item is a row.
#include "tensor/volume.clh"

KERNEL_OF(row_counts, volume_counts) {
  const int row = get_global_id(0);
  if (row >= items) return;
  const int y = row % p.height;
  global const float *frame = map + (size_t)(row - y) * p.width * p.channels;
  int n = 0;
  for (int x = 0; x < p.width; x++)
    for (int z = 0; z < p.channels; z++) n += volume_test(&p, frame, y, x, z);
  counts[row] = n;
}
