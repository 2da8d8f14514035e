// The general tensor kernels: parameters (4-byte fields only) and operands.
#ifndef GLINT_TENSOR_KERNELS_H
#define GLINT_TENSOR_KERNELS_H
#include "kernel.h"

#define GLINT_ELEMENTWISE_STEPS 8

enum {
  glint_step_affine = 0,    ///< a x + b
  glint_step_at_least = 1,  ///< max(x, a)
  glint_step_at_most = 2,   ///< min(x, a)
  glint_step_leaky = 3,     ///< x, below 0 a x
  glint_step_elu = 4,       ///< x, below 0 a (e^x - 1)
  glint_step_silu = 5,      ///< x / (1 + e^-x)
  glint_step_sigmoid = 6,   ///< 1 / (1 + e^-x)
  glint_step_tanh = 7,
  glint_step_softplus = 8,  ///< ln(1 + e^x)
  // Functions that only chains of their own have (functions.clh), no epilogue of a convolution:
  glint_step_exp = 32,
  glint_step_log = 33,
  glint_step_sqrt = 34,
  glint_step_square = 35,
  glint_step_abs = 36,
  glint_step_reciprocal = 37,  ///< 1 / x
  glint_step_sign = 38,
  glint_step_sin = 39,
  glint_step_cos = 40,
  // In a convolution's epilogue also steps that read tensors, taken in order:
  glint_step_bias = 16,         ///< + one value per channel
  glint_step_scale_shift = 17,  ///< x scale + shift, two tensors with one value per channel
  glint_step_add = 18,          ///< + a tensor of the output's shape
};

/// A chain of steps x -> f(x), each with up to two constants.
typedef struct {
  int count;
  int kind[GLINT_ELEMENTWISE_STEPS];
  float a[GLINT_ELEMENTWISE_STEPS];
  float b[GLINT_ELEMENTWISE_STEPS];
} glint_elementwise_params;

/// Copies rows of `channels` values that are `pitch` apart, from `offset`, to dense rows or back.
typedef struct {
  int channels;
  int pitch;
  int offset;
} glint_channels_params;

/// The frames around each frame: `radius` before and after, the edge frames of its movie repeated.
typedef struct {
  int frames;
  int values;  ///< per frame before channels: height * width
  int channels;
  int radius;
  int length;  ///< frames of a movie
} glint_window_params;

/// The frame in place `step` of the window of `frame`.
static inline int glint_window_frame(glint_window_params p, int frame, int step) {
  const int first = frame / p.length * p.length, near = frame + step - p.radius;
  return near < first ? first : near < first + p.length ? near : first + p.length - 1;
}

/// The channels of a tensor, possibly a range of a wider tensor's: channel c of a pixel is at
/// pixel * pitch + first + c.
typedef struct {
  int first, pitch;
} glint_channel_range;

/// Spatial ops on [batch, height, width, channels].
typedef struct {
  int batch, height, width, channels;
  int out_height, out_width;
  int window, stride, pad_top, pad_left;
  int kind;
  glint_channel_range in, out;
} glint_spatial_params;

enum { glint_pool_max = 0, glint_pool_average = 1 };
enum { glint_upsample_nearest = 0, glint_upsample_bilinear = 1 };

/// Statistics over pixels of [batch, height, width, channels], per image or over the whole batch, per
/// group of channels, and how they are applied.
typedef struct {
  int batch, height, width, channels;
  int groups;
  int across;  ///< one statistic for the whole batch, not one per image
  int kind;
  int has_affine;
  float epsilon;
  float share;  ///< weight of one value in a mean: 1 / values of a group
} glint_norm_params;

enum {
  glint_norm_moments = 0,  ///< (x - mean) / sqrt(variance + epsilon)
  glint_norm_range = 1,    ///< (x - min) / (max - min)
  glint_norm_max = 2,      ///< x / max
  glint_norm_given = 3,    ///< moments given per channel
};

/// Lists made from maps: rows [frames * height] of `width` pixels with `channels` values.
typedef struct {
  int rows, height, width, channels;
  int room;    ///< entries that the list has room for
  int radius;  ///< of the window in which an entry is the maximum
  float threshold, second;
} glint_list_params;

/// Merges points of each frame that are connected by chains of near neighbours.
typedef struct {
  int frames, points;
  float reach;  ///< squared
  float scale_x, scale_y, scale_z;
  float least;  ///< minimum weight; points below are ignored
} glint_link_params;

/// A kernel without parameters still takes a struct, so that all launches have the same form.
typedef struct {
  int unused;
} glint_no_params;

// Elementwise.

/// Sum of two tensors of one shape.
#define GLINT_add(X) X(in, float, left) X(in, float, right) X(out, float, out)
GLINT_KERNEL(tensor, add, glint_no_params)

/// A chain of elementwise steps in one pass.
#define GLINT_elementwise(X) X(in, float, in) X(out, float, out)
GLINT_KERNEL(tensor, elementwise, glint_elementwise_params)

// Ops on pixels of channels.

/// Copies dense rows of channels to rows that are `pitch` apart, and back.
#define GLINT_put_channels(X) X(in, float, in) X(out, float, out)
GLINT_KERNEL(tensor, put_channels, glint_channels_params)
#define GLINT_take_channels(X) X(in, float, in) X(out, float, out)
GLINT_KERNEL(tensor, take_channels, glint_channels_params)

/// Each channel times its scale plus its shift.
#define GLINT_channel_affine(X) \
  X(in, float, in) X(in, float, scale) X(in, float, shift) X(out, float, out)
GLINT_KERNEL(tensor, channel_affine, glint_channels_params)

/// Multiplies values below zero by a slope: one for all channels (pitch 0) or one per channel.
#define GLINT_prelu(X) X(in, float, in) X(in, float, slopes) X(out, float, out)
GLINT_KERNEL(tensor, prelu, glint_channels_params)

#define GLINT_softmax(X) X(in, float, in) X(out, float, out)
GLINT_KERNEL(tensor, softmax, glint_channels_params)

// Frames around each frame.

#define GLINT_temporal_window(X) X(in, float, in) X(out, float, out)
GLINT_KERNEL(tensor, temporal_window, glint_window_params)

/// The earliest frames come from `history`.
#define GLINT_rolling_window(X) X(in, float, in) X(in, float, history) X(out, float, out)
GLINT_KERNEL(tensor, rolling_window, glint_window_params)

/// The history for the next batch; `out` may be `history` itself.
#define GLINT_rolling_history(X) X(in, float, in) X(in, float, history) X(out, float, out)
GLINT_KERNEL(tensor, rolling_history, glint_window_params)

// Changes of image size.

#define GLINT_resize(X) X(in, IN_TYPE, in) X(out, OUT_TYPE, out)
GLINT_OPERANDS(resize)
GLINT_CPU_KERNEL(pool, glint_spatial_params, resize)
GLINT_CPU_KERNEL(upsample_image, glint_spatial_params, resize)
GLINT_OPENCL_KERNEL(tensor, pool, glint_spatial_params, resize)
GLINT_OPENCL_KERNEL(tensor, upsample_image, glint_spatial_params, resize)

// Normalization: rows, then groups of channels, then each value.

/// For each row sums, extremes, or squares about a mean (in a second pass, with the first one's
/// statistics): partial [rows, channels, 2].
#define GLINT_norm_rows(X) X(in, float, x) X(maybe_in, float, statistics) X(out, float, partial)
GLINT_KERNEL(tensor, norm_rows, glint_norm_params)

/// What to subtract and to multiply by: statistics [sets, groups, 2]. The first of two passes gives only
/// the mean, which the second one takes.
#define GLINT_norm_groups(X) X(in, float, partial) X(maybe_in, float, mean) X(out, float, statistics)
GLINT_KERNEL(tensor, norm_groups, glint_norm_params)

/// Scale and shift per channel if the op has them; mean and variance per channel if they are given
/// instead of statistics.
#define GLINT_norm_apply(X)                                                           \
  X(in, float, x) X(maybe_in, float, statistics) X(maybe_in, float, scale)            \
  X(maybe_in, float, shift) X(maybe_in, float, mean) X(maybe_in, float, variance)     \
  X(out, float, out)
GLINT_KERNEL(tensor, norm_apply, glint_norm_params)

// Lists in the order of frames, rows and columns: count per row, sum up starts, write rows.

/// The probability of an emitter, collected from its neighbouring pixels.
#define GLINT_integrate_probability(X) X(in, float, probability) X(out, float, out)
GLINT_KERNEL(tensor, integrate_probability, glint_list_params)

/// The number of entries in each row of `map`.
#define GLINT_row_counts(X) X(in, float, map) X(out, int, counts)
GLINT_OPERANDS(row_counts)
GLINT_CPU_KERNEL(pixel_counts, glint_list_params, row_counts)
GLINT_CPU_KERNEL(volume_counts, glint_list_params, row_counts)
GLINT_OPENCL_KERNEL(tensor, pixel_counts, glint_list_params, row_counts)
GLINT_OPENCL_KERNEL(tensor, volume_counts, glint_list_params, row_counts)

/// From counts, the index of each row's first entry, and the total.
#define GLINT_list_starts(X) X(in, int, counts) X(out, int, starts) X(out, int, total)
GLINT_KERNEL(tensor, list_starts, glint_list_params)

/// places [room, 3 or 4]; values [room, channels]: a pixel's features, or x, y, z of the centre of gravity
/// around a voxel, and its value.
#define GLINT_row_list(X)                                                             \
  X(in, float, map) X(maybe_in, float, features) X(in, int, starts)                   \
  X(out, int, places) X(out, float, values)
GLINT_OPERANDS(row_list)
GLINT_CPU_KERNEL(pixel_list, glint_list_params, row_list)
GLINT_CPU_KERNEL(volume_list, glint_list_params, row_list)
GLINT_OPENCL_KERNEL(tensor, pixel_list, glint_list_params, row_list)
GLINT_OPENCL_KERNEL(tensor, volume_list, glint_list_params, row_list)

/// Points [frames, points, 3] with weights, merged to one point per chain; labels are working memory.
#define GLINT_link_points(X)                                                          \
  X(in, float, points) X(in, float, weights) X(out, float, joined) X(out, float, sums) \
  X(out, int, labels)
GLINT_KERNEL(tensor, link_points, glint_link_params)

#endif
