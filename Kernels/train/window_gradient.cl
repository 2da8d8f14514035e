// The gradient of temporal windows: the sum over the windows that a frame is in. An item is one value.
#include "shared/real.clh"
#include "shared/train_params.h"

kernel void window_gradient(const glint_window_gradient_params q, global const float *given,
                            global float *out, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const glint_window_params p = q.window;
  const int width = 2 * p.radius + 1, c = i % p.channels;
  const int value = i / p.channels % p.values, frame = i / p.channels / p.values;
  float sum = 0.0f;
  for (int n = 0; n < p.frames; n++)
    for (int j = 0; j < width; j++)
      if (clamp(n + j - p.radius, 0, p.frames - 1) == frame)
        sum = fma(given[((n * p.values + value) * width + j) * p.channels + c], q.one, sum);
  out[i] = sum;
}
