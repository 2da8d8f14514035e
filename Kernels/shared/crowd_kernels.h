// The kernel of the multi-emitter fit: parameters (4-byte fields only) and operands.
#ifndef GLINT_CROWD_KERNELS_H
#define GLINT_CROWD_KERNELS_H
#include "kernel.h"
#include "spots_kernels.h"

/// Molecules that are fitted together, and that a bound is computed for together.
#define GLINT_CROWD_GROUP 5
#define GLINT_CROWD_BOUND 9
/// Parameters of a molecule: x, y, photons, z.
#define GLINT_CROWD_PARAMETERS 4
/// Widest region that is fitted at once, px; a multiple of GLINT_CROWD_LANES.
#define GLINT_CROWD_SIDE 64
/// Lanes of a sum over pixels, on every device.
#define GLINT_CROWD_LANES 16
/// Background nodes along an axis of a block, at most.
#define GLINT_CROWD_NODES 6

/// The fit of all molecules of a block of a frame.
typedef struct {
  // Blocks: a frame is cut into blocks_x * blocks_y cores of `core` px; a block is its core and `margin`.
  int width;           ///< of a frame
  int height;
  int blocks_x;
  int blocks_y;
  int core;
  int margin;
  int first_x;         ///< first pixel of the first core; above 0 if the frame is a part of a larger one
  int first_y;
  int side;            ///< largest width and height of a block
  int stride;          ///< floats from row to row of a block's maps
  int capacity;        ///< molecules of a block, at most
  int rows;            ///< rows of results of a block, at most
  int has_noise_map;
  float noise_variance;
  float noise_scale;   ///< counts and variances are divided by this (the noise guard)
  // PSF:
  int axial;           ///< 1: z is a parameter, and the widths are the curves below
  float sigma_x;       ///< px
  float sigma_y;
  glint_width_curve width_x;
  glint_width_curve width_y;
  int spline;          ///< 1: the image is that of `grid`, and the curves are the widths of its core
  glint_spline_grid grid;
  glint_width_curve reach_at;  ///< half of a spline's window, px
  float lowest_z;
  float highest_z;
  int planes;          ///< heights of the score
  float merge_low;     ///< heights at which a merge also starts, nm
  float merge_high;
  int widest;          ///< half of the widest window, px
  float window;        ///< half of a window, in widths
  // Search:
  float candidate;     ///< least score of a candidate
  float addition;      ///< least fall of F by an addition
  float price;         ///< of a molecule, in F
  float split;         ///< least score of a split
  float reach;         ///< of a group, px
  float close;         ///< of a merge, px
  float apart;         ///< distance of candidates that are added at once, px
  float least;         ///< photons
  int rounds;          ///< of additions
  int moves;           ///< rounds of moves
  float brightness;    ///< photons of a typical molecule
  float spread;        ///< relative; 0: the brightness is free
} glint_crowd_params;

/// Candidates that are kept of a score, and floats of each.
#define GLINT_CROWD_CANDIDATES 256
#define GLINT_CROWD_CANDIDATE 5
/// Sums of an evaluation, and entries of a group's information.
#define GLINT_CROWD_FREE (GLINT_CROWD_BOUND * GLINT_CROWD_PARAMETERS)
#define GLINT_CROWD_SUMS (1 + GLINT_CROWD_FREE + GLINT_CROWD_FREE * (GLINT_CROWD_FREE + 1) / 2)
#define GLINT_CROWD_INFORMATION \
  (GLINT_CROWD_GROUP * GLINT_CROWD_PARAMETERS * (GLINT_CROWD_GROUP * GLINT_CROWD_PARAMETERS + 1) / 2)
/// Zeros on either side of a line of a spline's image, and of a line of pixels (at least the widest window), and floats
/// behind a map that a vector may read.
#define GLINT_CROWD_PAD 16
#define GLINT_CROWD_EDGE 32
#define GLINT_CROWD_SLACK 64

/// Bytes of the state that lanes share.
#define GLINT_CROWD_WORK_BYTES 32768

/// Floats from row to row of a spline's image: its widest window in whole lanes, and zeros on either side.
static inline int glint_crowd_pitch(glint_crowd_params p) {
  return (2 * p.widest + GLINT_CROWD_LANES) / GLINT_CROWD_LANES * GLINT_CROWD_LANES + 2 * GLINT_CROWD_PAD;
}

/// Floats of the images of a set of molecules: value and three derivatives of a spline.
static inline int glint_crowd_images(glint_crowd_params p) {
  return p.spline ? GLINT_CROWD_BOUND * 4 * (2 * p.widest + 1) * glint_crowd_pitch(p) : 0;
}

/// Floats of memory for a block's maps and lists.
static inline int glint_crowd_space(glint_crowd_params p) {
  const int map = p.stride * p.side + GLINT_CROWD_SLACK, wide = p.stride + 2 * GLINT_CROWD_EDGE;
  return 6 * map + 2 * (wide * p.side + GLINT_CROWD_SLACK) + 2 * wide + GLINT_CROWD_NODES * p.stride + 17 * p.side +
         7 * p.capacity + GLINT_CROWD_CANDIDATES * GLINT_CROWD_CANDIDATE + GLINT_CROWD_SUMS * GLINT_CROWD_LANES +
         GLINT_CROWD_INFORMATION + glint_crowd_images(p);
}

/// counts [frames, height, width], noise [height, width], grid of a spline. Rows of a block, float32 [blocks, rows, …]: place (x, y),
/// light (photons, background), height (z), bound (variances of x, y, photons, z), worth (likelihood ratio, reduced
/// chi-square, neighbours); found [blocks], which may be larger than `rows`. OpenCL also needs `space`.
#define GLINT_crowd(X)                                                                     \
  X(in, float, counts) X(maybe_in, float, noise) X(maybe_in, float, grid)                  \
  X(out, float, place) X(out, float, light) X(out, float, height) X(out, float, bound)     \
  X(out, float, worth) X(out, int, found) X(maybe_out, float, space)
GLINT_KERNEL(crowd, crowd, glint_crowd_params)

#endif
