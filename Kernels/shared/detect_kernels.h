// The detection kernels: parameters and operands. The structs are the same bytes for C, OpenCL C and
// Swift, so only 4-byte fields.
#ifndef GLINT_DETECT_KERNELS_H
#define GLINT_DETECT_KERNELS_H
#include "border.clh"
#include "kernel.h"
#include "spot_flags.h"

/// ADU to photoelectrons: (D - offset) * inverse_gain, per pixel if maps are given.
typedef struct {
  int width;
  int height;
  int has_maps;
  float offset;
  float inverse_gain;
} glint_calibrate_params;

/// Photoelectrons of a digital number, defined once for both languages (`PixelScale` in Swift).
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

/// Largest side of a template.
#define GLINT_TEMPLATE_SIDE 31

/// Maximum over templates of the sum divided by the noise at a pixel, whose variance is
/// read_noise + excess * max(light, 1), with the mean of the box's pixels inside the frame as light.
typedef struct {
  int frames;
  int height;
  int width;
  int templates;
  int side;       ///< odd
  int has_noise;  ///< a map of variances replaces read_noise
  float excess;   ///< divided by the number of the box's pixels
  float read_noise;
} glint_matched_params;

/// The tables for rows at this distance from the edges: those of row y, of the middle, or of the end.
#define GLINT_MATCHED_CLASS(y, height, side)                                          \
  ((height) <= (side) || (y) < (side) / 2 ? (y)                                       \
   : (y) >= (height) - (side) / 2         ? (y) - ((height) - (side))                 \
                                          : (side) / 2)

/// Magnitudes up to this part of the image are rounding of the filter and count as zero, so that flat parts
/// of a frame are exactly zero.
#define GLINT_WAVELET_ROUNDING 0x1p-22f

/// Standard deviation of normally distributed values per median of their magnitudes.
#define GLINT_NOISE_PER_MEDIAN 1.4826f

/// Work-items that share a frame.
#define GLINT_NOISE_GROUP 256

/// Pixels of a frame that the CPU can list: more than its sample leaves of nearly every frame.
#define GLINT_NOISE_ROOM(size) (4096 + (size) / 8)

/// Noise of each frame, which is never below `least`.
typedef struct {
  int frames;
  int height;
  int width;
  float least;
} glint_noise_params;

/// Frame minus the median of the `window` (odd) frames around it. The window is clipped at the ends of
/// the input, so the input has window / 2 more frames on either side, except at the movie's ends.
typedef struct {
  int pixels;        ///< in a frame
  int input_frames;
  int first_output;  ///< input frame of output frame 0
  int output_frames;
  int window;
} glint_median_params;

/// Pixels that one CPU item of the temporal median processes through time: whole cache lines.
#define GLINT_MEDIAN_PIXELS 64

/// Largest radius of a maximum's window.
#define GLINT_MAXIMA_RADIUS 64

/// Maxima of windows of 2 * radius + 1 (radius >= 1).
typedef struct {
  int frames;
  int height;
  int width;
  int radius;
  int has_weights;   ///< listed values are multiplied by a map
  int row_capacity;  ///< ceil(width / (radius + 1))
  int capacity;      ///< row_capacity * ceil(height / (radius + 1)), in each frame
} glint_maxima_params;

/// Net gradient of listed maxima over a box of odd side.
typedef struct {
  int frames;
  int height;
  int width;
  int box;
  int capacity;     ///< list entries of a frame
  int has_weights;  ///< values are multiplied by a map
} glint_gradient_params;

/// List entries per CPU item of the net gradient.
#define GLINT_GRADIENT_ENTRIES 64

/// cutoff = median + scale * (q80 - q20) of each frame's listed values; scale = factor / 0.6.
typedef struct {
  int frames;
  int capacity;
  float scale;
} glint_dynamic_cutoff_params;

/// Listed maxima above their frame's cut-off in columns [left, right) and rows [top, bottom), as one list
/// over the batch.
typedef struct {
  int frames;
  int width;
  int left;
  int right;
  int top;
  int bottom;
  int list_capacity;  ///< list entries of a frame
  int capacity;       ///< peaks of the batch
} glint_select_params;

/// Whether a listed maximum is selected.
#define GLINT_SELECTS(p, index, value, cutoff)                                        \
  ((value) > (cutoff) && (index) % (p).width >= (p).left && (index) % (p).width < (p).right && \
   (index) >= (p).top * (p).width && (index) < (p).bottom * (p).width)

/// Boxes cut from frames: ((D - offset) * inverse_gain) * scale.
typedef struct {
  int height;
  int width;
  int box;
  int capacity;     ///< peaks of the batch
  int first_frame;  ///< frame of the buffer that a peak's frame 0 refers to
  int has_maps;     ///< offset and inverse gain per pixel
  int has_noise;    ///< a noise map is given, and its boxes are written
  float offset;
  float inverse_gain;
  float scale;
  float saturation;  ///< ADU from which a pixel counts as saturated
} glint_gather_params;


/// ADU to photoelectrons; without maps all pixels have the same offset and gain.
#define GLINT_calibrate(X)                                                            \
  X(in, PIXEL, frames) X(maybe_in, float, offsets) X(maybe_in, float, gains)          \
  X(out, float, out)
GLINT_OPERANDS(calibrate)
GLINT_CPU_PIXEL_KERNEL(calibrate_u16, glint_calibrate_params, calibrate, uint16)
GLINT_CPU_PIXEL_KERNEL(calibrate_f32, glint_calibrate_params, calibrate, float32)
GLINT_OPENCL_KERNEL(detect, calibrate, glint_calibrate_params, calibrate)

/// Narrow minus wide.
#define GLINT_difference_of_gaussians(X) X(in, float, images) X(out, float, out)
GLINT_KERNEL(detect, difference_of_gaussians, glint_difference_params)

/// The same with B-spline taps; fine: image minus narrow.
#define GLINT_wavelet(X) X(in, float, images) X(out, float, out) X(out, float, fine)
GLINT_KERNEL(detect, wavelet, glint_difference_params)

/// templates [templates, side, side]; edges [min(height, side), 2 templates + 1, width], see MatchedFilter;
/// noise: a variance per pixel.
#define GLINT_matched_filter(X)                                                       \
  X(in, float, images) X(in, float, templates) X(in, float, edges)                    \
  X(maybe_in, float, noise) X(out, float, out)
GLINT_KERNEL(detect, matched_filter, glint_matched_params)

/// The noise of each frame.
#define GLINT_wavelet_noise(X) X(in, float, images) X(out, float, noise)
GLINT_KERNEL(detect, wavelet_noise, glint_noise_params)

#define GLINT_temporal_median(X) X(in, float, frames) X(out, float, out)
GLINT_KERNEL(detect, temporal_median, glint_median_params)

/// columns [frames, height, row_capacity] of each row's maxima, counts [frames, height].
#define GLINT_local_maxima_rows(X) X(in, float, images) X(out, int, columns) X(out, int, counts)
GLINT_KERNEL(detect, local_maxima_rows, glint_maxima_params)

/// Combines the rows' maxima into one list per frame: indices and values [frames, capacity], counts
/// [frames]; weights [height, width].
#define GLINT_local_maxima_list(X)                                                    \
  X(in, float, images) X(maybe_in, float, weights) X(in, int, columns) X(in, int, row_counts) \
  X(out, int, indices) X(out, float, values) X(out, int, counts)
GLINT_KERNEL(detect, local_maxima_list, glint_maxima_params)

/// weights [height, width].
#define GLINT_net_gradient(X)                                                         \
  X(in, float, images) X(maybe_in, float, weights) X(in, int, indices)                \
  X(in, int, counts) X(out, float, values)
GLINT_KERNEL(detect, net_gradient, glint_gradient_params)

#define GLINT_dynamic_cutoff(X) X(in, float, lists) X(in, int, counts) X(out, float, cutoff)
GLINT_KERNEL(detect, dynamic_cutoff, glint_dynamic_cutoff_params)

/// The number of each frame's selected maxima.
#define GLINT_select_count(X)                                                         \
  X(in, int, indices) X(in, float, values) X(in, int, counts) X(in, float, cutoff) X(out, int, kept)
GLINT_KERNEL(detect, select_count, glint_select_params)

/// peaks [capacity, 3]: frame, y, x; score [capacity]; total [1] counts peaks beyond the capacity too.
#define GLINT_select_peaks(X)                                                         \
  X(in, int, indices) X(in, float, values) X(in, int, counts) X(in, float, cutoff)      \
  X(in, int, kept) X(out, int, peaks) X(out, float, score) X(out, int, total)
GLINT_KERNEL(detect, select_peaks, glint_select_params)

/// Boxes around peaks, and the same boxes of the noise map if there is one.
#define GLINT_gather_spots(X)                                                         \
  X(in, PIXEL, frames) X(maybe_in, float, offsets) X(maybe_in, float, gains)          \
  X(maybe_in, float, noise_map) X(in, int, peaks) X(in, int, total)                   \
  X(out, float, spots) X(maybe_out, float, noise) X(out, int, flags)
GLINT_OPERANDS(gather_spots)
GLINT_CPU_PIXEL_KERNEL(gather_spots_u16, glint_gather_params, gather_spots, uint16)
GLINT_CPU_PIXEL_KERNEL(gather_spots_f32, glint_gather_params, gather_spots, float32)
GLINT_OPENCL_KERNEL(detect, gather_spots, glint_gather_params, gather_spots)

#endif
