// Kernels that draw emitters and compare a network's results with them: parameters (4-byte fields only) and operands.
#ifndef GLINT_EMITTER_KERNELS_H
#define GLINT_EMITTER_KERNELS_H
#include "kernel.h"
#include "spots_kernels.h"

/// Lanes of a frame's work, on every device.
#define GLINT_EMITTER_LANES 16

/// Frames in movies of `length` frames, which share their emitters.
typedef struct {
  int emitters;  ///< room of a movie
  int length;
  int height;
  int width;
} glint_emitter_frames;

static inline int glint_emitter_round(int n) {
  return (n + GLINT_EMITTER_LANES - 1) / GLINT_EMITTER_LANES * GLINT_EMITTER_LANES;
}

typedef struct {
  glint_emitter_frames frames;
  int reach;     ///< largest distance at which a pixel gets light, px
  float window;  ///< the same in widths
} glint_draw_params;

/// Floats between the lines of a frame that is drawn: a window may begin at the last pixel.
static inline int glint_draw_pitch(glint_emitter_frames frames) {
  return glint_emitter_round(frames.width) + GLINT_EMITTER_LANES;
}

/// Floats of memory for a frame: the frame, and two profiles.
static inline int glint_draw_space(glint_draw_params p) {
  return glint_draw_pitch(p.frames) * p.frames.height + 2 * glint_emitter_round(2 * p.reach + 1);
}

/// photons [movies, emitters, length], place [movies, emitters, 2] (x, y in px), width [movies, emitters, 2] (sigma along
/// x and y, px), out [movies * length, height, width]. OpenCL also needs `space`.
#define GLINT_draw_emitters(X)                                                  \
  X(in, float, photons) X(in, float, place) X(in, float, width) X(out, float, out) \
  X(maybe_out, float, space)
GLINT_KERNEL(train, draw_emitters, glint_draw_params)

typedef struct {
  glint_emitter_frames frames;
  glint_spline_grid grid;
} glint_draw_splines_params;

/// Floats of memory for a line of all frames of a movie.
static inline int glint_draw_splines_space(glint_draw_splines_params p) {
  return glint_draw_pitch(p.frames) * p.frames.length;
}

/// photons and out as above, place [movies, emitters, 3] (x and y in px, z in nm), grid as `glint_spline_grid` says.
/// OpenCL also needs `space`.
#define GLINT_draw_splines(X)                                                   \
  X(in, float, photons) X(in, float, place) X(in, float, grid) X(out, float, out) \
  X(maybe_out, float, space)
GLINT_KERNEL(train, draw_splines, glint_draw_splines_params)

/// Channels of a network's results: probability, four means, four sigmas, and one that is not used.
#define GLINT_EMITTER_CHANNELS 10

typedef struct {
  glint_emitter_frames frames;
  int down_first;  ///< whether the second mean is that of y
} glint_likelihood_params;

/// Floats of a plane of a frame, whose lines are filled up to whole lanes.
static inline int glint_likelihood_plane(glint_likelihood_params p) {
  return p.frames.height * glint_emitter_round(p.frames.width);
}

/// Planes of a frame: the results, the terms of an emitter; for the gradient also sums over emitters.
#define GLINT_LIKELIHOOD_PLANES 10
#define GLINT_LIKELIHOOD_SUMS 9

static inline int glint_likelihood_space(glint_likelihood_params p) {
  return GLINT_LIKELIHOOD_PLANES * glint_likelihood_plane(p) + 2 * GLINT_EMITTER_LANES;
}

static inline int glint_likelihood_gradient_space(glint_likelihood_params p) {
  return glint_likelihood_space(p) + GLINT_LIKELIHOOD_SUMS * glint_likelihood_plane(p);
}

/// results [movies * length, height, width, 10], photons and likelihood [movies, emitters, length], place [movies,
/// emitters, 3]. OpenCL also needs `space`.
#define GLINT_emitter_likelihood(X)                                       \
  X(in, float, results) X(in, float, photons) X(in, float, place)         \
  X(out, float, likelihood) X(maybe_out, float, space)
GLINT_KERNEL(train, emitter_likelihood, glint_likelihood_params)

/// given has the shape of the likelihood, out that of the results.
#define GLINT_likelihood_gradient(X)                                      \
  X(in, float, results) X(in, float, photons) X(in, float, place)         \
  X(in, float, likelihood) X(in, float, given) X(out, float, out) X(maybe_out, float, space)
GLINT_KERNEL(train, likelihood_gradient, glint_likelihood_params)

#endif
