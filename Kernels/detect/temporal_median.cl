// Frame minus the running median over time, one pixel per work-item; see temporal_median.inc. A clipped
// window is filled up with +infinity, so that it always has WINDOW values.
#include "shared/detect_kernels.h"
#include "shared/real.clh"

static float median_value(float v) { return v == v ? v : INFINITY; }

KERNEL(temporal_median) {
  const int x = get_global_id(0);
  if (x >= items) return;
  const size_t pixels = p.pixels;
  float sorted[WINDOW];
  for (int i = 0; i < WINDOW; i++) sorted[i] = INFINITY;
  int first = max(p.first_output - WINDOW / 2, 0), last = first;
  for (int k = 0; k < p.output_frames; k++) {
    const int centre = p.first_output + k;
    const int from = max(centre - WINDOW / 2, 0);
    const int to = min(centre + WINDOW / 2 + 1, p.input_frames);
    while (first < from || last < to) {
      float leaving = INFINITY, coming = INFINITY;
      if (first < from) leaving = median_value(frames[first++ * pixels + x]);
      if (last < to) coming = median_value(frames[last++ * pixels + x]);
      float below = -INFINITY;
      for (int i = 0; i < WINDOW - 1; i++) {
        const float kept = sorted[i] < leaving ? sorted[i] : sorted[i + 1];
        sorted[i] = GREATER(below, LESSER(kept, coming));
        below = kept;
      }
      sorted[WINDOW - 1] = GREATER(below, coming);
    }
    const int n = last - first;
    float low = 0, high = 0;
    for (int i = 0; i < WINDOW; i++) {
      if (i == (n - 1) / 2) low = sorted[i];
      if (i == n / 2) high = sorted[i];
    }
    const float median = n % 2 ? low : (low + high) * 0.5f;
    const float value = frames[centre * pixels + x];
    const float above = value - median;
    out[k * pixels + x] = above > 0 || value != value ? above : 0.0f;
  }
}
