#pragma once
#include <string.h>
#include <zlib.h>

// inflateInit2 is a macro. Inflates raw deflate data into exactly `size` bytes; 0 where it does not fit.
static inline int glint_inflate(const unsigned char *from, size_t bytes, unsigned char *to, size_t size) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (bytes > 0xffffffffu || size > 0xffffffffu || inflateInit2(&stream, -MAX_WBITS) != Z_OK) return 0;
  stream.next_in = (unsigned char *)from;
  stream.avail_in = (unsigned)bytes;
  stream.next_out = to;
  stream.avail_out = (unsigned)size;
  int end = inflate(&stream, Z_FINISH);
  int whole = end == Z_STREAM_END && stream.total_out == size;
  inflateEnd(&stream);
  return whole;
}

// Inflates the beginning of zlib data: as much as fits into `size` bytes. Returns the bytes made; fewer where the
// data end or are damaged.
static inline size_t glint_inflate_start(const unsigned char *from, size_t bytes, unsigned char *to, size_t size) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (bytes > 0xffffffffu || size > 0xffffffffu || inflateInit(&stream) != Z_OK) return 0;
  stream.next_in = (unsigned char *)from;
  stream.avail_in = (unsigned)bytes;
  stream.next_out = to;
  stream.avail_out = (unsigned)size;
  int status = inflate(&stream, Z_SYNC_FLUSH);
  size_t made = status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR ? stream.total_out : 0;
  inflateEnd(&stream);
  return made;
}

// Inflates zlib or gzip data into exactly `size` bytes; 0 where it does not fit.
static inline int glint_inflate_whole(const void *from, size_t bytes, void *to, size_t size) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  // 32: the header tells which of both it is.
  if (bytes > 0xffffffffu || size > 0xffffffffu || inflateInit2(&stream, MAX_WBITS + 32) != Z_OK) return 0;
  stream.next_in = (unsigned char *)from;
  stream.avail_in = (unsigned)bytes;
  stream.next_out = (unsigned char *)to;
  stream.avail_out = (unsigned)size;
  int end = inflate(&stream, Z_FINISH);
  int whole = end == Z_STREAM_END && stream.total_out == size;
  inflateEnd(&stream);
  return whole;
}
