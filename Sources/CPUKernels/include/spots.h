#pragma once
#include "../../../Kernels/shared/spots_params.h"
