#pragma once
#include "glint_launch.h"
#include "../../../Kernels/shared/emitter_kernels.h"
#include "../../../Kernels/shared/fourier_kernels.h"
#include "../../../Kernels/shared/random_kernels.h"
#include "../../../Kernels/shared/train_kernels.h"

#include <stddef.h>

/// Bytes of scratch of `fourier_lines`, on any instruction set.
static inline size_t glint_fourier_scratch(int length) {
  return (size_t)length * 2 * 2 * 16 * sizeof(float);
}
