#pragma once
#include "glint_launch.h"
#include "../../../Kernels/shared/render_kernels.h"

#include <stddef.h>

/// Bytes of scratch of `render_histogram` and `render_gaussian`, on any instruction set.
static inline size_t glint_render_scratch(glint_render_params p) {
  return (size_t)p.band * p.width * 8 + 2 * (2 * (size_t)p.max_radius + 18) * sizeof(float);
}
