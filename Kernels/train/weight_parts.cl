// Adds the parts of a weight gradient in order; an item is one weight.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(weight_parts) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int parts = (p.batch * p.out_height + p.block - 1) / p.block;
  float sum = partial[i];
  for (int part = 1; part < parts; part++) sum += partial[part * items + i];
  out[i] = sum;
}
