#pragma once
#include "../../../Kernels/shared/detect_params.h"
