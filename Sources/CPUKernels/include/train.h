#pragma once
#include "../../../Kernels/shared/train_kernels.h"
