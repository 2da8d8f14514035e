// The per-spot kernels: parameters (4-byte fields only) and operands.
#ifndef GLINT_SPOTS_KERNELS_H
#define GLINT_SPOTS_KERNELS_H
#include "kernel.h"
#include "spot_flags.h"

/// Largest side of a spot's box, pixels; the length of the CPU's working arrays.
#define GLINT_BOX_LIMIT 31

/// Number of fit parameters. Their order in every table of the kernels:
/// x, y (px from the centre of the box's central pixel), photons, background (per pixel), sigma x, sigma y.
#define GLINT_SPOT_PARAMETERS 6

/// States of a fit that has no likelihood; all states are in `lm.clh` and FitState.
#define GLINT_FIT_SINGULAR 2
#define GLINT_FIT_INVALID 4

/// Number of candidate heights for the start of z.
#define GLINT_ASTIGMATIC_STARTS 8
#define GLINT_SPLINE_STARTS 16

/// Tables of each of a spline's prepared spots: similarity, photons, background, photons times x and y.
#define GLINT_SPLINE_TABLES 5

/// sigma(z) along one axis: a polynomial of (z - centre) * inverse_scale, lowest power first, of sigma
/// or, if `rooted`, of its square.
typedef struct {
  float centre;         ///< nm
  float inverse_scale;  ///< 1/nm
  int rooted;
  float coefficients[7];
} glint_width_curve;

/// Maximum likelihood and least-squares fits, and their assessment.
typedef struct {
  // The model; the CPU has specialised code for each, OpenCL kernels get it as defines:
  int parameters;      ///< free ones: 4, 5 or 6
  int least_squares;
  int sampled;
  int psf;             ///< see spot.clh
  // The spots:
  int box;             ///< side of the box, odd, at most GLINT_BOX_LIMIT
  int capacity;        ///< rows of every table; the valid ones are the first min(total, capacity)
  int has_flags;       ///< 0: no box is cut by the frame's edge
  int has_noise_map;   ///< 1: `noise` holds a variance per pixel; 0: `noise_variance` holds for all
  float noise_variance;  ///< Gaussian (read) noise, in the spots' unit squared
  float sigma_x;       ///< px; the start value if sigma is free, otherwise the fixed value
  float sigma_y;
  int max_iterations;  ///< evaluations of the model per spot
  float tolerance;     ///< a fit has converged when its next step is shorter, in standard errors
  // For PSFs that depend on z, nm:
  float reach;         ///< the centre stays within this of the box's, px
  float lowest_z;      ///< z stays between these two
  float highest_z;
  float step_z;        ///< longest step of z
  int starts;          ///< number of candidate heights for the start of z
  float start_z;       ///< the first of them
  float start_step;    ///< the distance between them
  glint_width_curve width_x;  ///< of the astigmatic Gaussian
  glint_width_curve width_y;
} glint_fit_params;

/// The grid of a spline PSF: float32 [planes, rows, 64, columns], coefficient 16 pz + 4 py + px of every cell,
/// followed by as many floats as a vector may read past the last one.
typedef struct {
  int columns;         ///< cells along x
  int rows;
  int planes;
  float centre_x;      ///< the molecule's position in knots, px
  float centre_y;
  float first_z;       ///< of the first plane of knots, nm
  float inverse_step;  ///< of their distance, 1/nm
} glint_spline_grid;

/// The same for a spline PSF. Its tables are float32 [starts, GLINT_SPLINE_TABLES, box, width].
typedef struct {
  glint_fit_params fit;
  glint_spline_grid grid;
  int width;           ///< of a table's row, a multiple of every vector
} glint_spline_params;

/// The better of two fits.
typedef struct {
  int capacity;  ///< rows of every table
} glint_better_params;

/// spots and noise [capacity, box, box], flags [capacity], total [1]; theta [capacity, 6], iterations and
/// state [capacity].
#define GLINT_fit(X)                                                                  \
  X(in, float, spots) X(maybe_in, float, noise) X(maybe_in, int, flags) X(in, int, total) \
  X(out, float, theta) X(out, int, iterations) X(out, int, state)
GLINT_KERNEL(spots, fit, glint_fit_params)

/// bound [capacity, 6, 2]: variances as sums of two floats; deviance and chi_square [capacity].
#define GLINT_assess(X)                                                               \
  X(in, float, spots) X(maybe_in, float, noise) X(maybe_in, int, flags)               \
  X(in, float, theta) X(in, int, total)                                               \
  X(out, float, bound) X(out, float, deviance) X(out, float, chi_square)
GLINT_KERNEL(spots, assess, glint_fit_params)

/// The same with a spline's grid and tables.
#define GLINT_fit_spline(X)                                                           \
  X(in, float, spots) X(maybe_in, float, noise) X(maybe_in, int, flags)               \
  X(in, int, total) X(in, float, grid) X(in, float, tables)                           \
  X(out, float, theta) X(out, int, iterations) X(out, int, state)
GLINT_KERNEL(spots, fit_spline, glint_spline_params)

#define GLINT_assess_spline(X)                                                        \
  X(in, float, spots) X(maybe_in, float, noise) X(maybe_in, int, flags)               \
  X(in, float, theta) X(in, int, total) X(in, float, grid)                            \
  X(out, float, bound) X(out, float, deviance) X(out, float, chi_square)
GLINT_KERNEL(spots, assess_spline, glint_spline_params)

/// For each spot, all results of one of the two fits.
#define GLINT_better_fit(X)                                                           \
  X(in, int, total)                                                                   \
  X(in, float, theta_a) X(in, int, iterations_a) X(in, int, state_a)                  \
  X(in, float, bound_a) X(in, float, deviance_a) X(in, float, chi_square_a)           \
  X(in, float, theta_b) X(in, int, iterations_b) X(in, int, state_b)                  \
  X(in, float, bound_b) X(in, float, deviance_b) X(in, float, chi_square_b)           \
  X(out, float, theta) X(out, int, iterations) X(out, int, state)                     \
  X(out, float, bound) X(out, float, deviance) X(out, float, chi_square)
GLINT_KERNEL(spots, better_fit, glint_better_params)

#endif
