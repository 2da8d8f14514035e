#include "include/kernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define TEXT(symbol) static const char symbol[]

TEXT(detect_calibrate) = {
#embed "detect/calibrate.cl"
    , 0};
TEXT(detect_difference) = {
#embed "detect/difference.clh"
    , 0};
TEXT(detect_difference_of_gaussians) = {
#embed "detect/difference_of_gaussians.cl"
    , 0};
TEXT(detect_dynamic_cutoff) = {
#embed "detect/dynamic_cutoff.cl"
    , 0};
TEXT(detect_gather_spots) = {
#embed "detect/gather_spots.cl"
    , 0};
TEXT(detect_group) = {
#embed "detect/group.clh"
    , 0};
TEXT(detect_local_maxima_list) = {
#embed "detect/local_maxima_list.cl"
    , 0};
TEXT(detect_local_maxima_rows) = {
#embed "detect/local_maxima_rows.cl"
    , 0};
TEXT(detect_net_gradient) = {
#embed "detect/net_gradient.cl"
    , 0};
TEXT(detect_select_count) = {
#embed "detect/select_count.cl"
    , 0};
TEXT(detect_select_peaks) = {
#embed "detect/select_peaks.cl"
    , 0};
TEXT(detect_temporal_median) = {
#embed "detect/temporal_median.cl"
    , 0};
TEXT(detect_wavelet) = {
#embed "detect/wavelet.cl"
    , 0};
TEXT(detect_wavelet_noise) = {
#embed "detect/wavelet_noise.cl"
    , 0};
TEXT(shared_border) = {
#embed "shared/border.clh"
    , 0};
TEXT(shared_detect_params) = {
#embed "shared/detect_params.h"
    , 0};
TEXT(shared_real) = {
#embed "shared/real.clh"
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

#define SOURCE(path, symbol) {path, symbol, sizeof symbol - 1}

static const glint_kernel_source sources[] = {
    SOURCE("detect/calibrate.cl", detect_calibrate),
    SOURCE("detect/difference.clh", detect_difference),
    SOURCE("detect/difference_of_gaussians.cl", detect_difference_of_gaussians),
    SOURCE("detect/dynamic_cutoff.cl", detect_dynamic_cutoff),
    SOURCE("detect/gather_spots.cl", detect_gather_spots),
    SOURCE("detect/group.clh", detect_group),
    SOURCE("detect/local_maxima_list.cl", detect_local_maxima_list),
    SOURCE("detect/local_maxima_rows.cl", detect_local_maxima_rows),
    SOURCE("detect/net_gradient.cl", detect_net_gradient),
    SOURCE("detect/select_count.cl", detect_select_count),
    SOURCE("detect/select_peaks.cl", detect_select_peaks),
    SOURCE("detect/temporal_median.cl", detect_temporal_median),
    SOURCE("detect/wavelet.cl", detect_wavelet),
    SOURCE("detect/wavelet_noise.cl", detect_wavelet_noise),
    SOURCE("shared/border.clh", shared_border),
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
