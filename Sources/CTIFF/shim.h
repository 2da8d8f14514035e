#pragma once
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <tiffio.h>

// TIFFGetField and TIFFSetField are variadic, which Swift cannot call: one typed door per value kind.
static inline int glint_tiff_get_u16(TIFF *t, uint32_t tag, uint16_t *v) { return TIFFGetFieldDefaulted(t, tag, v); }
static inline int glint_tiff_get_u32(TIFF *t, uint32_t tag, uint32_t *v) { return TIFFGetFieldDefaulted(t, tag, v); }
static inline int glint_tiff_set_u16(TIFF *t, uint32_t tag, uint16_t v) { return TIFFSetField(t, tag, v); }
static inline int glint_tiff_set_u32(TIFF *t, uint32_t tag, uint32_t v) { return TIFFSetField(t, tag, v); }
static inline int glint_tiff_set_f32(TIFF *t, uint32_t tag, float v) { return TIFFSetField(t, tag, (double)v); }
static inline int glint_tiff_set_text(TIFF *t, uint32_t tag, const char *v) { return TIFFSetField(t, tag, v); }

// libtiff prints errors to stderr unless told otherwise: the last one of each thread is kept instead.
static inline char *glint_tiff_words(void) {
  static _Thread_local char words[256];
  return words;
}
static void glint_tiff_note(const char *module, const char *format, va_list arguments) {
  vsnprintf(glint_tiff_words(), 256, format, arguments);
}
static inline void glint_tiff_quiet(void) {
  TIFFSetWarningHandler(0);
  TIFFSetErrorHandler(glint_tiff_note);
}
