// What every instruction set's translation unit starts with; the .c file has set ISA and LANES.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define GLINT_JOIN_(a, b) glint_##a##_##b
#define GLINT_JOIN(a, b) GLINT_JOIN_(a, b)
/// Defines the kernel `name` for this instruction set.
#define CPU_KERNEL(name)                                                                     \
  void GLINT_JOIN(name, ISA)(const void *params, void *const *buffers, int64_t begin,        \
                             int64_t end, void *scratch);                                    \
  void GLINT_JOIN(name, ISA)(const void *params, void *const *buffers, int64_t begin,        \
                             int64_t end, void *scratch)
