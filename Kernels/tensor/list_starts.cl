// Counts of rows to the place of each row's first entry, and the total; one item does it all.
#include "shared/real.clh"
#include "shared/tensor_params.h"

kernel void list_starts(const glint_list_params q, global const int *counts, global int *starts,
                        global int *total, const int items) {
  if (get_global_id(0) != 0) return;
  int sum = 0;
  for (int row = 0; row < q.rows; row++) {
    starts[row] = sum;
    sum += counts[row];
  }
  total[0] = sum;
}
