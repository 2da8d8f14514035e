#pragma once
#include <stddef.h>
#include <stdint.h>

/// Instruction sets for which every vector kernel is compiled, narrowest first.
typedef enum {
  glint_isa_baseline = 0,  ///< what the compiler assumes: SSE2 or NEON, 4 lanes
  glint_isa_avx2 = 1,      ///< AVX2 and FMA, 8 lanes
  glint_isa_avx512 = 2,    ///< AVX-512 F, DQ, BW and VL, 16 lanes
} glint_isa;

#define GLINT_ISAS 3

/// A vector kernel for one instruction set: computes the items [begin, end) of a launch.
///
/// `params` is the kernel's parameter struct, the same that its OpenCL version takes by value. `buffers`
/// holds its operands in order. `scratch` belongs to the calling thread during the call; it is
/// 64-byte aligned and has the size that the launch requested.
typedef void (*glint_cpu_function)(const void *params, void *const *buffers, int64_t begin,
                                   int64_t end, void *scratch);

/// Whether this processor supports kernels of that instruction set.
int glint_isa_present(glint_isa isa);
