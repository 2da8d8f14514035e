// Sums, products and reductions of whole tensors: parameters (4-byte fields only) and operands.
#ifndef GLINT_ARITHMETIC_KERNELS_H
#define GLINT_ARITHMETIC_KERNELS_H
#include "kernel.h"

#define GLINT_BROADCAST_AXES 5

enum {
  glint_binary_first = 0,  ///< the first operand, broadcast
  glint_binary_add = 1,
  glint_binary_subtract = 2,
  glint_binary_multiply = 3,
  glint_binary_divide = 4,
  glint_binary_maximum = 5,
  glint_binary_minimum = 6,
  glint_binary_power = 7,
  glint_binary_less = 8,
  glint_binary_at_most = 9,
  glint_binary_equal = 10,
};

/// Two tensors that are read with one common shape: the last axis is the fastest, unused leading axes
/// have length 1. A stretched axis has stride 0; the last axis of a tensor has stride 0 or 1.
typedef struct {
  int kind;
  int shape[GLINT_BROADCAST_AXES];
  int left[GLINT_BROADCAST_AXES];
  int right[GLINT_BROADCAST_AXES];
} glint_binary_params;

enum { glint_reduce_sum = 0, glint_reduce_maximum = 1 };

/// [outer, depth, inner] to [outer, parts, inner]: part j sums the values j, j + parts, … of the depth
/// in order. `one` is 1: a factor that no compiler can remove, which preserves the order of the sum.
typedef struct {
  int outer, depth, inner, parts;
  int kind;
  float divisor;  ///< of each result
  float one;
} glint_reduce_params;

#define GLINT_binary(X) X(in, float, left) X(in, float, right) X(out, float, out)
GLINT_KERNEL(arithmetic, binary, glint_binary_params)

/// Of values, or of products with `right`.
#define GLINT_reduce(X) X(in, float, left) X(maybe_in, float, right) X(out, float, out)
GLINT_KERNEL(arithmetic, reduce, glint_reduce_params)

#endif
