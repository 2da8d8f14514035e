#pragma once
#include "glint_launch.h"
#include "../../../Kernels/shared/border.clh"
#include "../../../Kernels/shared/detect_kernels.h"

#include <stddef.h>
#include <stdint.h>

/// Bytes of scratch of `difference_of_gaussians` and `wavelet`, on any instruction set.
static inline size_t glint_difference_scratch(int width, int wide_radius) {
  const size_t rows = 2 * (size_t)wide_radius + 1;
  return rows * sizeof(float *) + 2 * (width + rows + 16) * sizeof(float) + rows * 16 * sizeof(float);
}

/// Bytes of scratch of `matched_filter`: the rows under a template, mirrored and padded.
static inline size_t glint_matched_scratch(int width, int side) {
  return (size_t)side * (width + side - 1 + 4 * 16) * sizeof(float);
}

/// Bytes of scratch of `temporal_median`.
static inline size_t glint_median_scratch(int window) {
  return (size_t)window * GLINT_MEDIAN_PIXELS * sizeof(float);
}

/// Bytes of scratch of `wavelet_noise`, on any instruction set.
static inline size_t glint_noise_scratch(int64_t size) {
  return (size_t)(GLINT_NOISE_ROOM(size) + 16) * sizeof(float);
}

/// Bytes of scratch of `local_maxima_rows`.
static inline size_t glint_maxima_scratch(int width, int radius) {
  return (2 * (size_t)radius + 1) * width * sizeof(float);
}

/// Bytes of scratch of `net_gradient`.
static inline size_t glint_gradient_scratch(int box) {
  return ((size_t)(box + 2) * (box + 2) * 16 + 2 * box * box) * sizeof(float);
}
