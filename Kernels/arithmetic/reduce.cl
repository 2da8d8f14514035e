// Sums or maxima over the middle of three axes, or over a part of it, in the order of reduce.inc. An
// item is a value of the result.
#include "shared/arithmetic_kernels.h"
#include "shared/real.clh"

KERNEL(reduce) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int row = p.parts * p.inner, whole_row = p.depth * p.inner;
  const int start = i / row * whole_row;
  if (p.kind == glint_reduce_maximum) {
    float most = left[start + i % row];
    for (int at = i % row; at < whole_row; at += row) {
      const float x = left[start + at];
      most = most < x || x != x ? x : most;
    }
    out[i] = most;
    return;
  }
  float sum = 0.0f;
  for (int at = i % row; at < whole_row; at += row)
    sum = fma(left[start + at], PRODUCT ? right[start + at] : p.one, sum);
  out[i] = sum / p.divisor;
}
