// The random generator: parameters (4-byte fields only) and operands.
#ifndef GLINT_RANDOM_KERNELS_H
#define GLINT_RANDOM_KERNELS_H
#include "kernel.h"

enum {
  glint_random_uniform = 0,
  glint_random_normal = 1,
  glint_random_poisson = 2,
  glint_random_gamma = 3,
};

/// Most trials of a rejection method; that all fail has a chance below 10^-15.
#define GLINT_RANDOM_TRIALS 32

/// Largest mean of a Poisson number that is drawn by inversion.
#define GLINT_POISSON_INVERTED 10

typedef struct {
  int kind;
  unsigned stream;  ///< which of the generators of a graph
} glint_random_params;

/// clock: the key's two words and the step; parameter: a mean or a shape, where the distribution has one.
#define GLINT_random(X) X(in, int, clock) X(maybe_in, float, parameter) X(out, float, out)
GLINT_KERNEL(random, random, glint_random_params)

#endif
