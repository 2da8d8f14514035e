#if defined(__x86_64__) && !defined(GLINT_BASELINE_ONLY)
#define ISA avx512
#define LANES 16
#include "prologue.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)
#include "../vector/all.inc"
#pragma clang attribute pop
#endif
