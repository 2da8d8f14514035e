#pragma once
#include "glint_launch.h"
#include "../../../Kernels/shared/spots_kernels.h"
