#include "include/trained_models.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char decode_2d[] = {
#embed "decode-2d.safetensors"
};

static const glint_trained_model models[] = {
    {"decode-2d", decode_2d, sizeof decode_2d},
};

const glint_trained_model *glint_trained_models(size_t *count) {
  *count = sizeof models / sizeof models[0];
  return models;
}
