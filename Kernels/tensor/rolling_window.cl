// The frames around each frame, `radius` frames behind, the earliest ones from `history`; an item is
// one value of the result.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(rolling_window) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int width = 2 * p.radius + 1;
  const int c = i % p.channels, j = i / p.channels % width;
  const int value = i / (p.channels * width) % p.values;
  const int from = i / (p.channels * width) / p.values + j;
  const int past = from - 2 * p.radius;
  const int place = value * p.channels + c, frame = p.values * p.channels;
  out[i] = past < 0 ? history[from * frame + place] : in[past * frame + place];
}
