// The rendering kernels: parameters (4-byte fields only) and operands.
#ifndef GLINT_RENDER_KERNELS_H
#define GLINT_RENDER_KERNELS_H
#include "kernel.h"

/// Localizations drawn into an image; x and y in the image's pixels, the first pixel's centre is (0, 0).
typedef struct {
  int height;
  int width;
  int capacity;    ///< rows that the lists have room for
  int max_radius;  ///< where a wide Gaussian is cut, pixels
  int band;        ///< image rows of one CPU item
} glint_render_params;

/// Sums are integers in units of 2^-32, so that their order does not matter.
#define GLINT_RENDER_ONE 4294967296.0f
/// Largest magnitude that is added at once; a pixel's sum must stay below 2^31.
#define GLINT_RENDER_LIMIT 1073741824.0f

// The CPU sums bands of the image in scratch memory.

/// Lists of positions and weights, and the number of valid rows.
#define GLINT_render_histogram(X)                                                     \
  X(in, float, xs) X(in, float, ys) X(in, float, weights) X(in, int, count) X(out, float, image)
GLINT_OPERANDS(render_histogram)
GLINT_CPU_KERNEL(render_histogram, glint_render_params, render_histogram)

#define GLINT_render_gaussian(X)                                                      \
  X(in, float, xs) X(in, float, ys) X(in, float, weights) X(in, float, sigmas)        \
  X(in, int, count) X(out, float, image)
GLINT_OPERANDS(render_gaussian)
GLINT_CPU_KERNEL(render_gaussian, glint_render_params, render_gaussian)

// OpenCL clears sums [height, width] of two words, adds to them, and converts them to floats.

#define GLINT_render_clear(X) X(out, uint2, sums)
GLINT_OPERANDS(render_clear)
GLINT_OPENCL_KERNEL(render, render_clear, glint_render_params, render_clear)

#define GLINT_histogram_sums(X)                                                       \
  X(in, float, xs) X(in, float, ys) X(in, float, weights) X(in, int, count) X(out, uint, sums)
GLINT_OPERANDS(histogram_sums)
GLINT_OPENCL_KERNEL(render, render_histogram, glint_render_params, histogram_sums)

#define GLINT_gaussian_sums(X)                                                        \
  X(in, float, xs) X(in, float, ys) X(in, float, weights) X(in, float, sigmas)        \
  X(in, int, count) X(out, uint, sums)
GLINT_OPERANDS(gaussian_sums)
GLINT_OPENCL_KERNEL(render, render_gaussian, glint_render_params, gaussian_sums)

#define GLINT_render_image(X) X(in, uint2, sums) X(out, float, image)
GLINT_OPERANDS(render_image)
GLINT_OPENCL_KERNEL(render, render_image, glint_render_params, render_image)

#endif
