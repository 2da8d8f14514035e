// Combines row sums for a group: means of the gradient and of it times the normalised value; for extremes
// what is added at the first minimum and the first maximum, and where these are (-1: nowhere). An item is
// a group of an image, or of the batch.
#include "shared/real.clh"
#include "shared/train_kernels.h"

KERNEL(norm_gradient_groups) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const glint_norm_params norm = p.norm;
  const int size = norm.channels / norm.groups, rows = (norm.across ? norm.batch : 1) * norm.height;
  const int set = i / norm.groups, from = i % norm.groups * size;
  const int corner = (set * rows * norm.channels + from) * 2;
  float first = 0.0f, second = 0.0f;
  for (int row = 0; row < rows; row++)
    for (int c = 0; c < size; c++) {
      const int at = corner + (row * norm.channels + c) * 2;
      first = fma(partial[at], norm.share, first);
      second = fma(partial[at + 1], norm.share, second);
    }
  places[2 * i] = places[2 * i + 1] = -1;
  if (norm.kind == glint_norm_moments) {
    sums[2 * i] = first;
    sums[2 * i + 1] = second;
    return;
  }
  const float factor = statistics[2 * i + 1];
  sums[2 * i] = factor * (second - first);
  sums[2 * i + 1] = 0.0f - factor * second;
  for (int k = norm.kind == glint_norm_max; k < 2; k++) {
    float best = extremes[corner + k];
    int found = 0;
    for (int row = 0; row < rows; row++)
      for (int c = 0; c < size; c++) {
        const float v = extremes[corner + (row * norm.channels + c) * 2 + k];
        if (k ? v > best : v < best) {
          best = v;
          found = row;
        }
      }
    if (norm.kind == glint_norm_max && !(best > 0.0f)) continue;
    for (int j = norm.width * size - 1; j >= 0; j--) {
      const int at =
          ((set * rows + found) * norm.width + j / size) * norm.channels + from + j % size;
      if (x[at] == best) places[2 * i + k] = at;
    }
  }
}
