// The start of every instruction set's translation unit; the .c file has set ISA and LANES.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "../include/glint_launch.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The CPU does not store tensors in half precision.
#define IN_TYPE float
#define OUT_TYPE float
#define ADDED_TYPE float

#define GLINT_POINTER(direction, type, name) GLINT_CONST_##direction type *name;
#define GLINT_ARGUMENT(direction, type, name) , GLINT_CONST_##direction type *name
#define GLINT_PASSED(direction, type, name) , buffer->name

#define GLINT_JOIN_(a, b) glint_##a##_##b
#define GLINT_JOIN(a, b) GLINT_JOIN_(a, b)

/// Starts the kernel `name` for this instruction set, as declared in Kernels/shared: its parameters are
/// `p`; its operands have their names, and absent ones are null; it computes the items [begin, end) with
/// `scratch`. CPU_KERNEL_OF is for a kernel that shares the operands `list` with others.
#define CPU_KERNEL(name) CPU_KERNEL_OF(name, name)
#define CPU_KERNEL_OF(list, name) CPU_KERNEL_(list, name)
#define CPU_KERNEL_(list, name)                                                                \
  _Static_assert(__builtin_types_compatible_p(glint_##name##_takes, glint_##list##_operands),  \
                 "declared with other operands");                                              \
  INLINE void name##_items(const glint_##name##_parameters *p GLINT_##list(GLINT_ARGUMENT),    \
                           int64_t begin, int64_t end, void *scratch);                         \
  void GLINT_JOIN(name, ISA)(const void *params, void *const *buffers, int64_t begin,          \
                             int64_t end, void *scratch) {                                     \
    const struct { GLINT_##list(GLINT_POINTER) } *buffer = (const void *)buffers;              \
    name##_items(params GLINT_##list(GLINT_PASSED), begin, end, scratch);                      \
  }                                                                                            \
  INLINE void name##_items(const glint_##name##_parameters *p GLINT_##list(GLINT_ARGUMENT),    \
                           int64_t begin, int64_t end, void *scratch)
