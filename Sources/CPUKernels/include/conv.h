#pragma once
#include "glint_launch.h"
#include "../../../Kernels/shared/conv_kernels.h"

/// c = a b with a [rows, depth], b [depth, columns]; each step is the distance between a matrix's rows.
typedef void (*glint_matrix_product)(const float *a, int a_step, const float *b, int b_step,
                                     float *c, int c_step, int rows, int columns, int depth);

/// Parameters of `conv_blas`, whose sums are computed by a library.
typedef struct {
  glint_conv_params conv;
  glint_matrix_product product;
  int plain;  ///< 1: every output pixel is made of the input pixel at its place
} glint_blas_params;

GLINT_CPU_KERNEL(conv_blas, glint_blas_params, convolution)
