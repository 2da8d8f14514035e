#pragma once
#include "../../../Kernels/shared/spots_kernels.h"
