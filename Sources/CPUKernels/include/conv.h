#pragma once
#include "../../../Kernels/shared/conv_params.h"
