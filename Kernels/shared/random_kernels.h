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

/// Maximum number of trials of a rejection method; the probability that all fail is below 10^-15.
#define GLINT_RANDOM_TRIALS 32

/// Largest mean for which a Poisson number is drawn by inversion.
#define GLINT_POISSON_INVERTED 10

typedef struct {
  int kind;
  unsigned stream;  ///< which of the generators of a graph
} glint_random_params;

/// clock: the two words of the key, and the step; parameter: a mean or a shape, if the distribution has one.
#define GLINT_random(X) X(in, int, clock) X(maybe_in, float, parameter) X(out, float, out)
GLINT_KERNEL(random, random, glint_random_params)

#endif
