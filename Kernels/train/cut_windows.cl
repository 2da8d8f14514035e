// Windows of a map; an item is one value of the result.
#include "shared/real.clh"
#include "shared/window_place.clh"

KERNEL(cut_windows) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int x = i % p.width, y = i / p.width % p.height, window = i / p.width / p.height;
  const int left = window_place(corner[2 * window], p.map_width - p.width);
  const int top = window_place(corner[2 * window + 1], p.map_height - p.height);
  out[i] = map[(top + y) * p.map_width + left + x];
}
