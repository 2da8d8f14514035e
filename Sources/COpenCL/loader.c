#include "include/copencl.h"
