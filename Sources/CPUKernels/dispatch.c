#include "include/cpu_kernels.h"

#include <string.h>

typedef struct {
  const char *name;
  glint_kernel function;
} entry;

#define TABLE(isa)                                                                            \
  {                                                                                           \
    static const entry table[] = {                                                            \
        KERNEL_LIST(isa) {0, 0},                                                              \
    };                                                                                        \
    for (const entry *e = table; e->name; e++)                                                \
      if (!strcmp(e->name, name)) return e->function;                                         \
    return 0;                                                                                 \
  }

#define KERNEL(name, isa) \
  extern void glint_##name##_##isa(const void *, void *const *, int64_t, int64_t, void *);
#include "kernel_list.h"
KERNEL_LIST(baseline)
#if defined(__x86_64__)
KERNEL_LIST(avx2)
KERNEL_LIST(avx512)
#endif
#undef KERNEL
#define KERNEL(name, isa) {#name, glint_##name##_##isa},

static glint_kernel find_baseline(const char *name) TABLE(baseline)
#if defined(__x86_64__)
static glint_kernel find_avx2(const char *name) TABLE(avx2)
static glint_kernel find_avx512(const char *name) TABLE(avx512)
#endif

int glint_isa_present(glint_isa isa) {
  switch (isa) {
    case glint_isa_baseline:
      return 1;
#if defined(__x86_64__)
    case glint_isa_avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case glint_isa_avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#endif
    default:
      return 0;
  }
}

glint_kernel glint_kernel_find(const char *name, glint_isa isa) {
  switch (isa) {
    case glint_isa_baseline:
      return find_baseline(name);
#if defined(__x86_64__)
    case glint_isa_avx2:
      return find_avx2(name);
    case glint_isa_avx512:
      return find_avx512(name);
#endif
    default:
      return 0;
  }
}
