#include "include/allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

int glint_sanitized(void) { return SANITIZED; }

// The program's own malloc, in front of glibc's: counts, then hands on. A counter per thread, so that
// tests beside this one do not disturb it, and one for all threads, for programs that do one thing.
#if defined(__GLIBC__) && !SANITIZED
static __thread long count;
static atomic_long all;

static void note(void) {
  count++;
  atomic_fetch_add_explicit(&all, 1, memory_order_relaxed);
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) { return note(), __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return note(), __libc_calloc(n, size); }
void *realloc(void *old, size_t size) { return note(), __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { return note(), __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **out, size_t alignment, size_t size) {
  void *block = memalign(alignment, size);
  if (!block) return ENOMEM;
  *out = block;
  return 0;
}

int glint_allocations_counted(void) { return 1; }
long glint_allocations(void) { return count; }
long glint_allocations_of_all_threads(void) { return all; }
#else
int glint_allocations_counted(void) { return 0; }
long glint_allocations(void) { return 0; }
long glint_allocations_of_all_threads(void) { return 0; }
#endif
