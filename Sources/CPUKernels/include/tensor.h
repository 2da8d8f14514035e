#pragma once
#include "../../../Kernels/shared/tensor_kernels.h"
