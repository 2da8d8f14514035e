// Columns of each row's maxima, in order. A group is a row.
#include "detect/group.clh"
#include "shared/detect_kernels.h"
#include "shared/real.clh"

/// Whether a pixel is greater than every earlier pixel of its window and not less than any later one; NaN
/// counts as -infinity.
static int maxima_test(global const float *frame, const int height, const int width, int radius,
                       int y, int x) {
  const float value = frame[y * width + x];
  if (!(value > -INFINITY)) return 0;
  const int top = max(y - radius, 0), bottom = min(y + radius, height - 1);
  const int left = max(x - radius, 0), right = min(x + radius, width - 1);
  for (int v = top; v <= bottom; v++)
    for (int u = left; u <= right; u++) {
      const float other = frame[v * width + u];
      const int later = v > y || (v == y && u >= x);
      if (later ? other > value : other >= value) return 0;
    }
  return 1;
}

GROUP_KERNEL(local_maxima_rows, GROUP, 1, 1) {
  local int shared[GROUP];
  const size_t row = get_group_id(0);
  const int y = row % p.height;
  global const float *frame = images + (row - y) * p.width;
  int n = 0;
  for (int start = 0; start < p.width; start += GROUP) {
    const int x = start + get_local_id(0);
    const int found = x < p.width &&
                      maxima_test(frame, p.height, p.width, p.radius, y, x);
    const int2 place = group_place(shared, found);
    if (found) columns[row * p.row_capacity + n + place.x] = x;
    n += place.y;
  }
  if (get_local_id(0) == 0) counts[row] = n;
}
