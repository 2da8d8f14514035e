// Parameter structs of the kernels that gradients need: 4-byte fields only. A field `one` is 1: a
// factor that no compiler can drop, so that it keeps fma(a, one, sum) and with it the sum's order.
#ifndef GLINT_TRAIN_PARAMS_H
#define GLINT_TRAIN_PARAMS_H
#include "conv_params.h"

/// Sums over the pixels of [pixels, channels], first of `chunk` pixels, then of chunks.
typedef struct {
  int pixels, channels, chunk;
  float one;
} glint_sum_params;

/// Weights [taps, channels, outputs] to [taps, outputs, channels].
typedef struct {
  int taps, channels, outputs;
  int flipped;  ///< the last tap first
} glint_turn_params;

/// The gradient of a normalisation; the share is 1 where sums, not means, are wanted.
typedef struct {
  glint_norm_params norm;
  float one;
} glint_norm_gradient_params;

typedef struct {
  glint_window_params window;
  float one;
} glint_window_gradient_params;

/// Input channels of one CPU item of a convolution's weight gradient.
#define GLINT_WEIGHT_SLICE 64

#endif
