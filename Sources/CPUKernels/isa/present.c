#include "../include/cpu_kernels.h"

int glint_isa_present(glint_isa isa) {
  switch (isa) {
    case glint_isa_baseline:
      return 1;
#if defined(__x86_64__) && !defined(GLINT_BASELINE_ONLY)
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
