// Parameter structs of the per-spot kernels: the same bytes for C, OpenCL C and Swift, so only 4-byte
// fields.
#ifndef GLINT_SPOTS_PARAMS_H
#define GLINT_SPOTS_PARAMS_H

/// Largest side of a spot's box, in pixels; the CPU's working arrays are this long.
#define GLINT_BOX_LIMIT 31

/// Parameters of a fit, in the order in which every table of the kernels has them:
/// x, y (px from the centre of the box's centre pixel), photons, background (per pixel), sigma x, sigma y.
#define GLINT_SPOT_PARAMETERS 6

/// Maximum likelihood and least-squares fits, and their assessment.
typedef struct {
  int box;             ///< side of the box, odd, at most GLINT_BOX_LIMIT
  int capacity;        ///< rows of every table; the valid ones are the first min(total, capacity)
  int has_noise_map;   ///< 1: `noise` holds a variance per pixel; 0: `noise_variance` holds for all
  float noise_variance;  ///< Gaussian (read) noise, in the spots' unit squared
  float sigma_x;       ///< px; where sigma is free the value to start from, otherwise the value
  float sigma_y;
  int max_iterations;  ///< evaluations of the model per spot
  float tolerance;     ///< a fit has converged when its next step is shorter, in standard errors
} glint_fit_params;

#endif
