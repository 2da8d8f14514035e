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
TEXT(shared_math) = {
#embed "shared/math.clh"
    , 0};
TEXT(shared_activations) = {
#embed "shared/activations.clh"
    , 0};
TEXT(shared_conv_params) = {
#embed "shared/conv_params.h"
    , 0};
TEXT(conv_epilogue) = {
#embed "conv/epilogue.clh"
    , 0};
TEXT(conv_direct) = {
#embed "conv/direct.cl"
    , 0};
TEXT(conv_transposed) = {
#embed "conv/transposed.cl"
    , 0};
TEXT(tensor_put_channels) = {
#embed "tensor/put_channels.cl"
    , 0};
TEXT(tensor_take_channels) = {
#embed "tensor/take_channels.cl"
    , 0};
TEXT(tensor_channel_affine) = {
#embed "tensor/channel_affine.cl"
    , 0};
TEXT(tensor_prelu) = {
#embed "tensor/prelu.cl"
    , 0};
TEXT(tensor_softmax) = {
#embed "tensor/softmax.cl"
    , 0};
TEXT(tensor_temporal_window) = {
#embed "tensor/temporal_window.cl"
    , 0};
TEXT(tensor_pool) = {
#embed "tensor/pool.cl"
    , 0};
TEXT(tensor_upsample_image) = {
#embed "tensor/upsample_image.cl"
    , 0};
TEXT(tensor_norm_rows) = {
#embed "tensor/norm_rows.cl"
    , 0};
TEXT(tensor_norm_groups) = {
#embed "tensor/norm_groups.cl"
    , 0};
TEXT(tensor_norm_apply) = {
#embed "tensor/norm_apply.cl"
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
    SOURCE("shared/math.clh", shared_math),
    SOURCE("shared/activations.clh", shared_activations),
    SOURCE("shared/conv_params.h", shared_conv_params),
    SOURCE("conv/epilogue.clh", conv_epilogue),
    SOURCE("conv/direct.cl", conv_direct),
    SOURCE("conv/transposed.cl", conv_transposed),
    SOURCE("tensor/put_channels.cl", tensor_put_channels),
    SOURCE("tensor/take_channels.cl", tensor_take_channels),
    SOURCE("tensor/channel_affine.cl", tensor_channel_affine),
    SOURCE("tensor/prelu.cl", tensor_prelu),
    SOURCE("tensor/softmax.cl", tensor_softmax),
    SOURCE("tensor/temporal_window.cl", tensor_temporal_window),
    SOURCE("tensor/pool.cl", tensor_pool),
    SOURCE("tensor/upsample_image.cl", tensor_upsample_image),
    SOURCE("tensor/norm_rows.cl", tensor_norm_rows),
    SOURCE("tensor/norm_groups.cl", tensor_norm_groups),
    SOURCE("tensor/norm_apply.cl", tensor_norm_apply),
};

const glint_kernel_source *glint_kernel_sources(size_t *count) {
  *count = sizeof sources / sizeof sources[0];
  return sources;
}
