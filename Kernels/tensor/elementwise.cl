// A chain of elementwise steps in one pass.
#include "shared/functions.clh"

KERNEL(elementwise) {
  const int i = get_global_id(0);
  if (i >= items) return;
  float x = in[i];
  for (int k = 0; k < p.count; k++) x = chain_step(p.kind[k], p.a[k], p.b[k], x);
  out[i] = x;
}
