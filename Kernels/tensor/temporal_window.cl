// Concatenates the frames around each frame as channels; an item is one value of the result.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(temporal_window) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int width = 2 * p.radius + 1;
  const int c = i % p.channels, j = i / p.channels % width;
  const int value = i / (p.channels * width) % p.values;
  const int frame = i / (p.channels * width) / p.values;
  const int from = glint_window_frame(p, frame, j);
  out[i] = in[(from * p.values + value) * p.channels + c];
}
