#pragma once
#include <stddef.h>

/// A model that comes with the package, embedded in the binary at build time.
typedef struct {
  const char *name;            ///< what selects it, for example "decode-2d"
  const unsigned char *bytes;  ///< a safetensors file
  size_t count;
} glint_trained_model;

/// All models, sorted by name; `*count` receives their number.
const glint_trained_model *glint_trained_models(size_t *count);
