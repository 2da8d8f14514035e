#pragma once
#include <stddef.h>

/// One piece of device text, embedded in the binary when it was built.
typedef struct {
  const char *name;  ///< path below Kernels/, for example "spots/fit.cl"
  const char *text;
} glint_kernel_source;

/// All device text, in the order of its names; `*count` receives how many there are.
const glint_kernel_source *glint_kernel_sources(size_t *count);
