#pragma once
#include <png.h>
#include <stdint.h>
#include <string.h>

// The simplified writer needs no setjmp, which Swift cannot call. Its constants are macros.
/// Compresses rows of grey (1 byte) or colour (3 bytes); returns 0 on failure, where `*size` is the
/// room that `memory` would need, or 0.
static inline int glint_png_encode(void *memory, size_t *size, uint32_t width, uint32_t height, int colour,
                                   const void *rows) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t bytes = *size;
  int ok = png_image_write_to_memory(&image, memory, &bytes, 0, rows, 0, 0);
  *size = bytes;
  png_image_free(&image);
  return ok;
}
