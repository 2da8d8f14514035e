#define ISA baseline
#define LANES 4
#include "prologue.h"
#include "../vector/all.inc"
