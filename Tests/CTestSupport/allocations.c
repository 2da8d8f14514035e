#include "include/allocations.h"

#include <errno.h>
#include <stddef.h>

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

int glint_sanitized(void) { return SANITIZED; }

// The test program's own malloc, in front of glibc's: counts, then hands on. A counter per thread, so
// that tests beside this one do not disturb it.
#if defined(__GLIBC__) && !SANITIZED
static __thread long count;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) { return count++, __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return count++, __libc_calloc(n, size); }
void *realloc(void *old, size_t size) { return count++, __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { return count++, __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **out, size_t alignment, size_t size) {
  void *block = memalign(alignment, size);
  if (!block) return ENOMEM;
  *out = block;
  return 0;
}

int glint_allocations_counted(void) { return 1; }
long glint_allocations(void) { return count; }
#else
int glint_allocations_counted(void) { return 0; }
long glint_allocations(void) { return 0; }
#endif
