#pragma once
#include "glint_launch.h"
#include "../../../Kernels/shared/arithmetic_kernels.h"
#include "../../../Kernels/shared/tensor_kernels.h"
