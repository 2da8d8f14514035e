// Parameter struct of the rendering kernels: the same bytes for C, OpenCL C and Swift, so only 4-byte
// fields.
#ifndef GLINT_RENDER_PARAMS_H
#define GLINT_RENDER_PARAMS_H

/// Localizations drawn into an image; x and y in its pixels, the first pixel's centre at (0, 0).
typedef struct {
  int height;
  int width;
  int capacity;    ///< rows that the lists have room for
  int max_radius;  ///< where a wide Gaussian is cut, pixels
  int band;        ///< image rows of one CPU item
} glint_render_params;

/// Sums are integers in units of 2^-32, so that their order does not matter.
#define GLINT_RENDER_ONE 4294967296.0f
/// Largest magnitude of what is added at once; a pixel's sum has to stay below 2^31.
#define GLINT_RENDER_LIMIT 1073741824.0f

#endif
