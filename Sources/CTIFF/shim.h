#pragma once
#include <tiffio.h>
#include <stdint.h>

// TIFFGetField and TIFFSetField are variadic, which Swift cannot call: one typed door per value kind.
static inline int glint_tiff_get_u16(TIFF *t, uint32_t tag, uint16_t *v) { return TIFFGetFieldDefaulted(t, tag, v); }
static inline int glint_tiff_get_u32(TIFF *t, uint32_t tag, uint32_t *v) { return TIFFGetFieldDefaulted(t, tag, v); }
static inline int glint_tiff_get_f32(TIFF *t, uint32_t tag, float *v) { return TIFFGetField(t, tag, v); }
static inline int glint_tiff_get_text(TIFF *t, uint32_t tag, const char **v) {
  char *s = 0;
  int ok = TIFFGetField(t, tag, &s);
  *v = s;
  return ok;
}
static inline int glint_tiff_get_offsets(TIFF *t, uint32_t tag, const uint64_t **v) {
  uint64_t *p = 0;
  int ok = TIFFGetField(t, tag, &p);
  *v = p;
  return ok;
}
static inline int glint_tiff_set_u16(TIFF *t, uint32_t tag, uint16_t v) { return TIFFSetField(t, tag, v); }
static inline int glint_tiff_set_u32(TIFF *t, uint32_t tag, uint32_t v) { return TIFFSetField(t, tag, v); }
static inline int glint_tiff_set_f32(TIFF *t, uint32_t tag, float v) { return TIFFSetField(t, tag, (double)v); }
static inline int glint_tiff_set_text(TIFF *t, uint32_t tag, const char *v) { return TIFFSetField(t, tag, v); }
static inline void glint_tiff_quiet(void) {
  TIFFSetWarningHandler(0);
  TIFFSetErrorHandler(0);
}
