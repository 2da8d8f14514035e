// Row sums to those of a group: means of the gradient and of it times the normalised value; for
// extremes what goes to the first least and the first greatest value, and where these are (-1: nowhere).
// An item is a group of an image, or of the batch.
#include "shared/real.clh"
#include "shared/train_params.h"

kernel void norm_gradient_groups(const glint_norm_gradient_params q, global const float *x,
                                 global const float *extremes, global const float *statistics,
                                 global const float *partial, global float *sums,
                                 global int *places, const int items) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const glint_norm_params p = q.norm;
  const int size = p.channels / p.groups, rows = (p.across ? p.batch : 1) * p.height;
  const int set = i / p.groups, from = i % p.groups * size;
  const int corner = (set * rows * p.channels + from) * 2;
  float first = 0.0f, second = 0.0f;
  for (int row = 0; row < rows; row++)
    for (int c = 0; c < size; c++) {
      const int at = corner + (row * p.channels + c) * 2;
      first = fma(partial[at], p.share, first);
      second = fma(partial[at + 1], p.share, second);
    }
  places[2 * i] = places[2 * i + 1] = -1;
  if (p.kind == glint_norm_moments) {
    sums[2 * i] = first;
    sums[2 * i + 1] = second;
    return;
  }
  const float factor = statistics[2 * i + 1];
  sums[2 * i] = factor * (second - first);
  sums[2 * i + 1] = 0.0f - factor * second;
  for (int k = p.kind == glint_norm_max; k < 2; k++) {
    float best = extremes[corner + k];
    int found = 0;
    for (int row = 0; row < rows; row++)
      for (int c = 0; c < size; c++) {
        const float v = extremes[corner + (row * p.channels + c) * 2 + k];
        if (k ? v > best : v < best) {
          best = v;
          found = row;
        }
      }
    if (p.kind == glint_norm_max && !(best > 0.0f)) continue;
    for (int j = p.width * size - 1; j >= 0; j--) {
      const int at =
          ((set * rows + found) * p.width + j / size) * p.channels + from + j % size;
      if (x[at] == best) places[2 * i + k] = at;
    }
  }
}
