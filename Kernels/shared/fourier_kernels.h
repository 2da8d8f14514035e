// The Fourier transform: parameters (4-byte fields only) and operands.
#ifndef GLINT_FOURIER_KERNELS_H
#define GLINT_FOURIER_KERNELS_H
#include "kernel.h"

/// Layout of the values of a line in memory.
enum {
  glint_fourier_complex = 0,
  glint_fourier_real = 1,  ///< real parts only
  glint_fourier_half = 2,  ///< the first length / 2 + 1 complex values; the others count as 0
};

/// Lines of `length` complex values, [outer, length, inner].
typedef struct {
  int outer, length, inner;
  int stride;  ///< for an OpenCL stage: the product of the earlier radices
  int read, write;
  int doubled;  ///< values of a half that represent two values have twice the weight
  int inverse;
  float scale;
} glint_fourier_params;

/// The radix of the next stage if transforms of `length` remain; 1 if none remain.
static inline int glint_fourier_radix(int length) {
  return length % 4 == 0 ? 4 : length % 2 == 0 ? 2 : length % 3 == 0 ? 3 : length % 5 == 0 ? 5 : 1;
}

/// Number of values of a line in memory.
static inline int glint_fourier_kept(int form, int length) {
  return form == glint_fourier_half ? length / 2 + 1 : length;
}

/// The weight of a value of a half transform.
static inline float glint_fourier_weight(int doubled, int place, int length) {
  return doubled && place > 0 && 2 * place != length ? 2.0f : 1.0f;
}

/// Cosines and sines of multiples of 2 pi / n.
#define GLINT_fourier_turns(X) X(out, float, turns)
GLINT_KERNEL(fourier, fourier_turns, glint_fourier_params)

/// All stages along an axis, or one of them.
#define GLINT_fourier(X) X(in, float, in) X(in, float, turns) X(out, float, out)
GLINT_OPERANDS(fourier)
GLINT_CPU_KERNEL(fourier_lines, glint_fourier_params, fourier)
GLINT_OPENCL_KERNEL(fourier, fourier_stage, glint_fourier_params, fourier)

#endif
