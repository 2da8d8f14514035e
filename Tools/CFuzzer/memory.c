#include "fuzzer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// From the sanitizers' allocator interface.
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
                                              void (*)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *);

static atomic_long held, limit;

static void took(const volatile void *place, size_t size) {
  (void)place;
  long now = atomic_fetch_add_explicit(&held, (long)size, memory_order_relaxed) + (long)size;
  long most = atomic_load_explicit(&limit, memory_order_relaxed);
  if (most > 0 && now > most) {
    atomic_store(&limit, 0);
    static const char text[] = "glint-fuzz: more memory than 16 times the file and 256 MB\n";
    if (write(2, text, sizeof text - 1) < 0) _exit(1);
    abort();
  }
}

static void gave(const volatile void *place) {
  if (place == NULL) return;
  atomic_fetch_sub_explicit(&held, (long)__sanitizer_get_allocated_size(place), memory_order_relaxed);
}

void glint_count_memory(void) { __sanitizer_install_malloc_and_free_hooks(took, gave); }

void glint_limit_memory(size_t bytes) {
  atomic_store(&limit, bytes == 0 ? 0 : atomic_load(&held) + (long)bytes);
}
