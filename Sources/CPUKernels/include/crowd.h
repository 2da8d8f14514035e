#pragma once
#include "glint_launch.h"
#include "../../../Kernels/shared/crowd_kernels.h"
