#include "include/kernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define TEXT(symbol) static const char symbol[]

TEXT(shared_real) = {
#embed "shared/real.clh"
    , 0};
TEXT(shared_detect_params) = {
#embed "shared/detect_params.h"
    , 0};
TEXT(shared_tensor_params) = {
#embed "shared/tensor_params.h"
    , 0};
TEXT(tensor_add) = {
#embed "tensor/add.cl"
    , 0};
TEXT(tensor_elementwise) = {
#embed "tensor/elementwise.cl"
    , 0};
TEXT(detect_calibrate) = {
#embed "detect/calibrate.cl"
    , 0};

#define SOURCE(path, symbol) {path, symbol, sizeof symbol - 1}

static const glint_kernel_source sources[] = {
    SOURCE("detect/calibrate.cl", detect_calibrate),
    SOURCE("shared/detect_params.h", shared_detect_params),
    SOURCE("shared/real.clh", shared_real),
    SOURCE("shared/tensor_params.h", shared_tensor_params),
    SOURCE("tensor/add.cl", tensor_add),
    SOURCE("tensor/elementwise.cl", tensor_elementwise),
};

const glint_kernel_source *glint_kernel_sources(size_t *count) {
  *count = sizeof sources / sizeof sources[0];
  return sources;
}
