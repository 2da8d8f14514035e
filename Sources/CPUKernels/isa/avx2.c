#if defined(__x86_64__) && !defined(GLINT_BASELINE_ONLY)
#define ISA avx2
#define LANES 8
#include "prologue.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "../vector/all.inc"
#pragma clang attribute pop
#endif
