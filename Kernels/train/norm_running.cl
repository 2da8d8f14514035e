// Moves the running statistics of a batch norm towards those of the batch; an item is a channel. The new
// values may overwrite the old ones.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(norm_running) {
  const int c = get_global_id(0);
  if (c >= items) return;
  const glint_norm_params norm = p.norm;
  float spread = 0.0f;
  for (int row = 0; row < norm.batch * norm.height; row++)
    spread = fma(partial[(row * norm.channels + c) * 2], norm.share, spread);
  const float old_mean = mean[c], old_variance = variance[c];
  new_mean[c] = fma(p.momentum, statistics[2 * c] - old_mean, old_mean);
  new_variance[c] = fma(p.momentum, spread * p.correction - old_variance, old_variance);
}
