#pragma once
#include "../../../Kernels/shared/train_params.h"
