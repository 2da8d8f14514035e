// Parameter structs of the general tensor kernels: 4-byte fields only.
#ifndef GLINT_TENSOR_PARAMS_H
#define GLINT_TENSOR_PARAMS_H

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

/// Rows of `channels` values that stand `pitch` apart, from `offset`, copied to dense rows or back.
typedef struct {
  int channels;
  int pitch;
  int offset;
} glint_channels_params;

/// The frames around each frame: `radius` before and after, the edge frames repeated.
typedef struct {
  int frames;
  int values;  ///< per frame before channels: height * width
  int channels;
  int radius;
} glint_window_params;

/// Where the channels of a tensor lie, that may be a range of a wider one's: value c of a pixel at
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
/// group of channels, and what is done with them.
typedef struct {
  int batch, height, width, channels;
  int groups;
  int across;  ///< one set for the whole batch, not one per image
  int kind;
  int has_affine;
  float epsilon;
  float share;  ///< of one value in a mean: 1 / values of a group
} glint_norm_params;

enum {
  glint_norm_moments = 0,  ///< (x - mean) / sqrt(variance + epsilon)
  glint_norm_range = 1,    ///< (x - min) / (max - min)
  glint_norm_max = 2,      ///< x / max
  glint_norm_given = 3,    ///< moments given per channel
};

/// Lists taken from maps: rows [frames * height] of `width` pixels with `channels` values.
typedef struct {
  int rows, height, width, channels;
  int room;    ///< entries that the list has room for
  int radius;  ///< of the window in which an entry is the maximum
  float threshold, second;
} glint_list_params;

/// Points of each frame that chains of near neighbours join.
typedef struct {
  int frames, points;
  float reach;  ///< squared
  float scale_x, scale_y, scale_z;
  float least;  ///< weight that a point needs to take part
} glint_link_params;

/// A kernel without parameters still takes a struct, so that every launch has the same form.
typedef struct {
  int unused;
} glint_no_params;

#endif
