// What C and Swift get from the declaration of a kernel (Kernels/shared/kernel.h).
//
// In Swift, a kernel is a function of its parameters and operands, `glint_cpu_add` or
// `glint_opencl_add`, that returns the rest of what a launch needs. A launch takes such a function and
// both its arguments, so the compiler checks that they belong together.
#pragma once
#include "cpu_kernels.h"

// The tensor that a launch passes to a kernel; `place` is its group among the op's tensors.
typedef enum {
  glint_place_unset = 0,  // of a list of operands that was not filled in
  glint_place_none,
  glint_place_input,
  glint_place_output,
  glint_place_workspace,
  glint_place_prepared,
} glint_place;

typedef struct { int place, index; } glint_in;
typedef struct { int place, index; } glint_maybe_in;
typedef struct { int place, index; } glint_out;
typedef struct { int place, index; } glint_maybe_out;

/// The element types that a kernel accepts in an operand, as bits.
enum { glint_uint16 = 1, glint_int32 = 2, glint_float32 = 4 };

enum {
  glint_element_float = glint_float32,
  glint_element_int = glint_int32,
  glint_element_uint = glint_int32,
  glint_element_uint2 = glint_int32,
  glint_element_PIXEL = glint_uint16 | glint_float32,
  // A half is stored in two bytes.
  glint_element_IN_TYPE = glint_uint16 | glint_float32,
  glint_element_OUT_TYPE = glint_uint16 | glint_float32,
  glint_element_ADDED_TYPE = glint_uint16 | glint_float32,
};

/// The declaration of an operand.
typedef struct {
  const char *name;
  int elements;
} glint_operand;

// Constants that live as long as the program, and are therefore Sendable.
#define GLINT_SENDABLE __attribute__((swift_attr("@Sendable")))

/// A vector kernel: its code for each instruction set, and its operands in order.
typedef struct GLINT_SENDABLE {
  const char *name;
  const glint_operand *operands;
  int count;
  glint_cpu_function functions[GLINT_ISAS];
} glint_cpu_kernel;

static inline glint_cpu_function glint_cpu_function_of(glint_cpu_kernel kernel, glint_isa isa) {
  return kernel.functions[isa];
}

/// An OpenCL kernel: its file below Kernels/, and its operands in order.
typedef struct GLINT_SENDABLE {
  const char *file;
  const char *name;
  const glint_operand *operands;
  int count;
} glint_opencl_kernel;

#define GLINT_FIELD(direction, type, name) glint_##direction name;
#define GLINT_DECLARED(direction, type, name) {#name, glint_element_##type},

#define GLINT_OPERANDS(list) \
  typedef struct { GLINT_##list(GLINT_FIELD) } glint_##list##_operands;

#define GLINT_FUNCTION(name, isa)                                                              \
  void glint_##name##_##isa(const void *params, void *const *buffers, int64_t begin,           \
                            int64_t end, void *scratch);
#if defined(__x86_64__) && !defined(GLINT_BASELINE_ONLY)
#define GLINT_FUNCTIONS(name) \
  GLINT_FUNCTION(name, baseline) GLINT_FUNCTION(name, avx2) GLINT_FUNCTION(name, avx512)
#define GLINT_TABLE(name) {glint_##name##_baseline, glint_##name##_avx2, glint_##name##_avx512}
#else
#define GLINT_FUNCTIONS(name) GLINT_FUNCTION(name, baseline)
#define GLINT_TABLE(name) {glint_##name##_baseline}
#endif

#define GLINT_CPU_KERNEL(name, parameters, list) GLINT_CPU_KERNEL_WITH(name, parameters, list, )
/// A kernel compiled for one of the possible elements of PIXEL.
#define GLINT_CPU_PIXEL_KERNEL(name, parameters, list, element) \
  GLINT_CPU_KERNEL_WITH(name, parameters, list, enum { glint_element_PIXEL = glint_##element };)

#define GLINT_CPU_KERNEL_WITH(name, parameters, list, ...)                                     \
  typedef parameters glint_##name##_parameters;                                                \
  typedef glint_##list##_operands glint_##name##_takes;                                        \
  GLINT_FUNCTIONS(name)                                                                        \
  static inline glint_cpu_kernel glint_cpu_##name(parameters p, glint_##list##_operands o) {   \
    __VA_ARGS__ static const glint_operand operands[] = {GLINT_##list(GLINT_DECLARED)};        \
    return (glint_cpu_kernel){#name, operands, sizeof operands / sizeof *operands,             \
                              GLINT_TABLE(name)};                                              \
  }

#define GLINT_OPENCL_KERNEL(folder, name, parameters, list)                                    \
  static inline glint_opencl_kernel glint_opencl_##name(parameters p,                          \
                                                        glint_##list##_operands o) {           \
    static const glint_operand operands[] = {GLINT_##list(GLINT_DECLARED)};                    \
    return (glint_opencl_kernel){#folder "/" #name ".cl", #name, operands,                     \
                                 sizeof operands / sizeof *operands};                          \
  }
