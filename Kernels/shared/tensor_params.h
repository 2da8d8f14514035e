// Parameter structs of the general tensor kernels: 4-byte fields only.
#ifndef GLINT_TENSOR_PARAMS_H
#define GLINT_TENSOR_PARAMS_H

#define GLINT_ELEMENTWISE_STEPS 8

enum { glint_step_affine = 0, glint_step_at_least = 1, glint_step_at_most = 2 };

/// A chain of steps x -> f(x), each with up to two constants.
typedef struct {
  int count;
  int kind[GLINT_ELEMENTWISE_STEPS];
  float a[GLINT_ELEMENTWISE_STEPS];
  float b[GLINT_ELEMENTWISE_STEPS];
} glint_elementwise_params;

/// A kernel without parameters still takes a struct, so that every launch has the same form.
typedef struct {
  int unused;
} glint_no_params;

#endif
