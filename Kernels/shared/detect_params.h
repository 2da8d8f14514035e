// Parameter structs of the detection kernels: the same bytes for C, OpenCL C and Swift, so only
// 4-byte fields.
#ifndef GLINT_DETECT_PARAMS_H
#define GLINT_DETECT_PARAMS_H

/// ADU to photoelectrons: (D - offset) * inverse_gain, per pixel where maps are given.
typedef struct {
  int width;
  int height;
  int has_maps;
  float offset;
  float inverse_gain;
} glint_calibrate_params;

/// Photoelectrons of a digital number: the one place of both languages (`PixelScale` in Swift).
#define ELECTRONS(adu, offset, inverse_gain) (((adu) - (offset)) * (inverse_gain))

/// Largest radii of the filters of a difference.
#define GLINT_NARROW_RADIUS 31
#define GLINT_WIDE_RADIUS 63

/// Difference of two separable symmetric filters, narrow minus wide; narrow_radius <= wide_radius.
/// Taps are given from the centre outwards.
typedef struct {
  int frames;
  int height;
  int width;
  int narrow_radius;
  int wide_radius;
  float narrow[GLINT_NARROW_RADIUS + 1];
  float wide[GLINT_WIDE_RADIUS + 1];
} glint_difference_params;

/// Partial sums into which a frame is split before they are added in a fixed tree: column x belongs
/// to sum x % GLINT_SUMS, so a machine may do as many of them at a time as it likes.
#define GLINT_SUMS 64

/// Largest side of a template.
#define GLINT_TEMPLATE_SIDE 31

/// Greatest of several templates' sums over the noise at a place, whose variance is
/// read_noise + excess * max(sum of the box's pixels, 1); excess is per pixel of the box.
typedef struct {
  int frames;
  int height;
  int width;
  int templates;
  int side;       ///< odd
  int has_noise;  ///< a map of variances takes the place of read_noise
  float excess;
  float read_noise;
} glint_matched_params;

/// Standard deviation of each frame.
typedef struct {
  int frames;
  int height;
  int width;
} glint_noise_params;

/// Frame minus the median of the `window` (odd) frames around it; the window is cut at the ends of
/// the input, so the input has window / 2 frames more on either side except at the movie's ends.
typedef struct {
  int pixels;        ///< in a frame
  int input_frames;
  int first_output;  ///< input frame of output frame 0
  int output_frames;
  int window;
} glint_median_params;

/// Pixels that one CPU item of the temporal median takes through time: whole cache lines.
#define GLINT_MEDIAN_PIXELS 64

/// Largest radius of a maximum's window.
#define GLINT_MAXIMA_RADIUS 64

/// Maxima of windows of 2 * radius + 1 (radius >= 1), none within `border` pixels of an edge.
typedef struct {
  int frames;
  int height;
  int width;
  int radius;
  int border;
  int row_capacity;  ///< ceil(width / (radius + 1))
  int capacity;      ///< row_capacity * ceil(height / (radius + 1)), in each frame
} glint_maxima_params;

/// Net gradient of listed maxima over a box of odd side.
typedef struct {
  int frames;
  int height;
  int width;
  int box;
  int capacity;  ///< list entries of a frame
} glint_gradient_params;

/// List entries that one CPU item of the net gradient takes.
#define GLINT_GRADIENT_ENTRIES 64

/// cutoff = median + scale * (q80 - q20) of each frame's listed values; scale = factor / 0.6.
typedef struct {
  int frames;
  int capacity;
  float scale;
} glint_dynamic_cutoff_params;

/// Listed maxima above their frame's cut-off, as one list over the batch.
typedef struct {
  int frames;
  int width;
  int list_capacity;  ///< list entries of a frame
  int capacity;       ///< peaks of the batch
} glint_select_params;

/// Boxes cut from frames: ((D - offset) * inverse_gain) * scale.
typedef struct {
  int height;
  int width;
  int box;
  int capacity;     ///< peaks of the batch
  int first_frame;  ///< frame of the buffer that a peak's frame 0 means
  int has_maps;     ///< offset and inverse gain per pixel
  int has_noise;    ///< a noise map is given and its boxes are wanted
  float offset;
  float inverse_gain;
  float scale;
  float saturation;  ///< in ADU; flags 1 from here
} glint_gather_params;

/// Bits of a gathered spot's flags.
#define GLINT_SPOT_SATURATED 1
#define GLINT_SPOT_NAN 2

#endif
