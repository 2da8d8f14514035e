#pragma once
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <tiffio.h>
#include <unistd.h>

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

// A file that is already open, as libtiff reads it: by pread, so that every handle has a position of
// its own, and no name is opened a second time. `error` is the system's number of a failed read.
struct glint_tiff_source {
  int descriptor;
  int error;
  uint64_t position;
  uint64_t size;
};

static tmsize_t glint_tiff_read(thandle_t handle, void *buffer, tmsize_t count) {
  struct glint_tiff_source *source = handle;
  tmsize_t done = 0;
  while (done < count) {
    ssize_t got = pread(source->descriptor, (char *)buffer + done, count - done, source->position + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) source->error = errno;
    if (got <= 0) break;
    done += got;
  }
  source->position += done;
  return done;
}
static tmsize_t glint_tiff_write(thandle_t handle, void *buffer, tmsize_t count) { return 0; }
static toff_t glint_tiff_seek(thandle_t handle, toff_t offset, int whence) {
  struct glint_tiff_source *source = handle;
  source->position = offset + (whence == SEEK_CUR ? source->position : whence == SEEK_END ? source->size : 0);
  return source->position;
}
static int glint_tiff_close(thandle_t handle) { return 0; }
static toff_t glint_tiff_size(thandle_t handle) { return ((struct glint_tiff_source *)handle)->size; }

// The caller keeps `source` and the descriptor until it has closed the result.
static inline TIFF *glint_tiff_open(const char *name, const char *mode, struct glint_tiff_source *source) {
  return TIFFClientOpen(name, mode, source, glint_tiff_read, glint_tiff_write, glint_tiff_seek,
                        glint_tiff_close, glint_tiff_size, NULL, NULL);
}
