// Kernels for gradients: parameters (4-byte fields only) and operands. A field `one` is 1: a factor that
// no compiler can remove, which preserves fma(a, one, sum) and so the order of the sum.
#ifndef GLINT_TRAIN_KERNELS_H
#define GLINT_TRAIN_KERNELS_H
#include "conv_kernels.h"

/// Weights [taps, channels, outputs] to [taps, outputs, channels].
typedef struct {
  int taps, channels, outputs;
  int flipped;  ///< the last tap first
} glint_turn_params;

/// The gradient of a normalisation; the share is 1 if sums are wanted instead of means.
typedef struct {
  glint_norm_params norm;
  float one;
} glint_norm_gradient_params;

typedef struct {
  glint_window_params window;
  float one;
} glint_window_gradient_params;

/// The running statistics of a batch norm, moved by `momentum` times the difference towards the batch's,
/// whose variance is multiplied by `correction`.
typedef struct {
  glint_norm_params norm;
  float momentum, correction;
} glint_norm_running_params;

/// A rule of an optimiser (`Optimizer`); values that change with the step are in a tensor.
typedef struct {
  int adaptive;  ///< divided by the root of the mean square of gradients
  float decay;   ///< of the parameter, added to the gradient
  float mean_kept, mean_new;
  float square_kept, square_new;
  float epsilon;
} glint_optimizer_params;

/// Windows of a map.
typedef struct {
  int map_height, map_width;
  int height, width;
} glint_windows_params;

/// Input channels per CPU item of a convolution's weight gradient.
#define GLINT_WEIGHT_SLICE 64

// Activations.

#define GLINT_elementwise_gradient(X) X(in, float, x) X(in, float, given) X(out, float, out)
GLINT_KERNEL(train, elementwise_gradient, glint_elementwise_params)

#define GLINT_prelu_gradient(X) \
  X(in, float, x) X(in, float, slopes) X(in, float, given) X(out, float, out)
GLINT_KERNEL(train, prelu_gradient, glint_channels_params)

/// From the softmax's result y.
#define GLINT_softmax_gradient(X) X(in, float, y) X(in, float, given) X(out, float, out)
GLINT_KERNEL(train, softmax_gradient, glint_channels_params)

// Gradients of ops that gather pixels, also computed by gathering.

#define GLINT_pool_gradient(X) X(in, float, x) X(in, float, given) X(out, float, out)
GLINT_KERNEL(train, pool_gradient, glint_spatial_params)

#define GLINT_upsample_gradient(X) X(in, float, given) X(out, float, out)
GLINT_KERNEL(train, upsample_gradient, glint_spatial_params)

#define GLINT_window_gradient(X) X(in, float, given) X(out, float, out)
GLINT_KERNEL(train, window_gradient, glint_window_gradient_params)

// Changes of a tensor's layout.

/// Exchanges channels and outputs of weights.
#define GLINT_turn_weights(X) X(in, float, in) X(out, float, out)
GLINT_KERNEL(train, turn_weights, glint_turn_params)

/// Copies dense rows into rows of zeros of length `pitch`.
#define GLINT_pad_channels(X) X(in, float, in) X(out, float, out)
GLINT_KERNEL(train, pad_channels, glint_channels_params)

/// map [map_height, map_width], corner [windows, 2] (x, y, as shares of the possible places), out [windows, height, width].
#define GLINT_cut_windows(X) X(in, float, map) X(in, float, corner) X(out, float, out)
GLINT_KERNEL(train, cut_windows, glint_windows_params)

// The gradient of a normalisation.

/// partial [rows, channels, 2]: sums of the given gradient, and of it times the normalised value.
#define GLINT_norm_gradient_rows(X) \
  X(in, float, x) X(in, float, statistics) X(in, float, given) X(out, float, partial)
GLINT_KERNEL(train, norm_gradient_rows, glint_norm_gradient_params)

/// extremes: the rows' minimum and maximum; absent for moments. sums [sets, groups, 2]: means of the
/// gradient and of it times the normalised value; for extremes what is added at the first minimum and
/// the first maximum, which are at places [sets, groups, 2] (-1: at none).
#define GLINT_norm_gradient_groups(X)                                                 \
  X(in, float, x) X(maybe_in, float, extremes) X(in, float, statistics)               \
  X(in, float, partial) X(out, float, sums) X(out, int, places)
GLINT_KERNEL(train, norm_gradient_groups, glint_norm_gradient_params)

#define GLINT_norm_gradient_apply(X)                                                  \
  X(in, float, x) X(in, float, statistics) X(in, float, given) X(in, float, sums)     \
  X(in, int, places) X(out, float, out)
GLINT_KERNEL(train, norm_gradient_apply, glint_norm_gradient_params)

// The weight gradient of a convolution: partial sums over groups of pixels, then these in order.

#define GLINT_weight_gradient(X) X(in, float, x) X(in, float, given) X(out, float, partial)
GLINT_KERNEL(train, weight_gradient, glint_conv_params)
GLINT_OPENCL_KERNEL(train, weight_tile, glint_conv_params, weight_gradient)

#define GLINT_weight_parts(X) X(in, float, partial) X(out, float, out)
GLINT_KERNEL(train, weight_parts, glint_conv_params)

// The updates of a training step. New values may overwrite the old ones.

/// partial: squares about the mean by row and channel, from `norm_rows`.
#define GLINT_norm_running(X)                                                         \
  X(in, float, partial) X(in, float, statistics) X(in, float, mean)                   \
  X(in, float, variance) X(out, float, new_mean) X(out, float, new_variance)
GLINT_KERNEL(train, norm_running, glint_norm_running_params)

/// A parameter and its optimiser's state: the mean gradient and, if the rule is adaptive, its mean square.
#define GLINT_optimizer_step(X)                                                       \
  X(in, float, parameter) X(in, float, gradient) X(in, float, schedule)               \
  X(in, float, factor) X(in, float, mean) X(maybe_in, float, square)                  \
  X(out, float, new_parameter) X(out, float, new_mean) X(maybe_out, float, new_square)
GLINT_KERNEL(train, optimizer_step, glint_optimizer_params)

#endif
