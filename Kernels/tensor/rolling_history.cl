// The last frames of a batch and of those before it; an item is one value of every frame, so `out` may be
// `history` itself.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(rolling_history) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int frame = p.values * p.channels;
  for (int k = 0; k < 2 * p.radius; k++) {
    const int from = p.frames + k, past = from - 2 * p.radius;
    out[k * frame + i] = past < 0 ? history[from * frame + i] : in[past * frame + i];
  }
}
