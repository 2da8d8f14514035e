// From the rows' counts, the index of each row's first entry, and the total; a single item does all.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(list_starts) {
  if (get_global_id(0) != 0) return;
  int sum = 0;
  for (int row = 0; row < p.rows; row++) {
    starts[row] = sum;
    sum += counts[row];
  }
  total[0] = sum;
}
