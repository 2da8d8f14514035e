#pragma once
#include "../../../Kernels/shared/tensor_params.h"
