#pragma once
#include <stddef.h>

/// One OpenCL source text, embedded in the binary at build time.
typedef struct {
  const char *name;  ///< path below Kernels/, for example "spots/fit.cl"
  const char *text;
} glint_kernel_source;

/// All OpenCL sources, sorted by name; `*count` receives their number.
const glint_kernel_source *glint_kernel_sources(size_t *count);
