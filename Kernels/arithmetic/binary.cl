// A function of two tensors whose shapes broadcast, value by value. An item is a value of the result.
#include "shared/functions.clh"

KERNEL(binary) {
  const int i = get_global_id(0);
  if (i >= items) return;
  int rest = i, a = 0, b = 0;
#pragma unroll
  for (int axis = GLINT_BROADCAST_AXES - 1; axis >= GLINT_BROADCAST_AXES - AXES; axis--) {
    const int place = rest % p.shape[axis];
    rest /= p.shape[axis];
    a += place * p.left[axis];
    b += place * p.right[axis];
  }
  out[i] = binary_value(p.kind, left[a], right[b]);
}
