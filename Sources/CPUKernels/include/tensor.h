#pragma once
#include "../../../Kernels/shared/arithmetic_kernels.h"
#include "../../../Kernels/shared/tensor_kernels.h"
