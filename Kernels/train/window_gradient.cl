// The gradient of temporal windows: the sum over the windows that contain a frame. An item is one value.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(window_gradient) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const glint_window_params window = p.window;
  const int width = 2 * window.radius + 1, c = i % window.channels;
  const int value = i / window.channels % window.values;
  const int frame = i / window.channels / window.values;
  float sum = 0.0f;
  const int first = frame / window.length * window.length;
  for (int n = first; n < first + window.length; n++)
    for (int j = 0; j < width; j++)
      if (glint_window_frame(window, n, j) == frame)
        sum = fma(given[((n * window.values + value) * width + j) * window.channels + c], p.one,
                  sum);
  out[i] = sum;
}
