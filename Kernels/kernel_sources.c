#include "include/kernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define TEXT(symbol) static const char symbol[]

TEXT(conv_channels) = {
#embed "conv/channels.clh"
    , 0};
TEXT(conv_direct) = {
#embed "conv/direct.cl"
    , 0};
TEXT(conv_epilogue) = {
#embed "conv/epilogue.clh"
    , 0};
TEXT(conv_tile) = {
#embed "conv/tile.cl"
    , 0};
TEXT(conv_transposed) = {
#embed "conv/transposed.cl"
    , 0};
TEXT(conv_winograd) = {
#embed "conv/winograd.cl"
    , 0};
TEXT(conv_winograd_weights) = {
#embed "conv/winograd_weights.cl"
    , 0};
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
TEXT(detect_matched_filter) = {
#embed "detect/matched_filter.cl"
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
TEXT(render_render_clear) = {
#embed "render/render_clear.cl"
    , 0};
TEXT(render_render_gaussian) = {
#embed "render/render_gaussian.cl"
    , 0};
TEXT(render_render_histogram) = {
#embed "render/render_histogram.cl"
    , 0};
TEXT(render_render_image) = {
#embed "render/render_image.cl"
    , 0};
TEXT(render_sum) = {
#embed "render/sum.clh"
    , 0};
TEXT(shared_activations) = {
#embed "shared/activations.clh"
    , 0};
TEXT(shared_assess) = {
#embed "shared/assess.clh"
    , 0};
TEXT(shared_better) = {
#embed "shared/better.clh"
    , 0};
TEXT(shared_astigmatic) = {
#embed "shared/astigmatic.clh"
    , 0};
TEXT(shared_border) = {
#embed "shared/border.clh"
    , 0};
TEXT(shared_conv_params) = {
#embed "shared/conv_params.h"
    , 0};
TEXT(shared_detect_params) = {
#embed "shared/detect_params.h"
    , 0};
TEXT(shared_gaussian) = {
#embed "shared/gaussian.clh"
    , 0};
TEXT(shared_lm) = {
#embed "shared/lm.clh"
    , 0};
TEXT(shared_math) = {
#embed "shared/math.clh"
    , 0};
TEXT(shared_psf) = {
#embed "shared/psf.clh"
    , 0};
TEXT(shared_real) = {
#embed "shared/real.clh"
    , 0};
TEXT(shared_render) = {
#embed "shared/render.clh"
    , 0};
TEXT(shared_render_params) = {
#embed "shared/render_params.h"
    , 0};
TEXT(shared_slopes) = {
#embed "shared/slopes.clh"
    , 0};
TEXT(shared_spline) = {
#embed "shared/spline.clh"
    , 0};
TEXT(shared_spot) = {
#embed "shared/spot.clh"
    , 0};
TEXT(shared_spots_params) = {
#embed "shared/spots_params.h"
    , 0};
TEXT(shared_storage) = {
#embed "shared/storage.clh"
    , 0};
TEXT(shared_tensor_params) = {
#embed "shared/tensor_params.h"
    , 0};
TEXT(shared_train_params) = {
#embed "shared/train_params.h"
    , 0};
TEXT(shared_two_float) = {
#embed "shared/two_float.clh"
    , 0};
TEXT(spots_assess) = {
#embed "spots/assess.cl"
    , 0};
TEXT(spots_assess_spline) = {
#embed "spots/assess_spline.cl"
    , 0};
TEXT(spots_better_fit) = {
#embed "spots/better_fit.cl"
    , 0};
TEXT(spots_columns) = {
#embed "spots/columns.clh"
    , 0};
TEXT(spots_fit) = {
#embed "spots/fit.cl"
    , 0};
TEXT(spots_fit_spline) = {
#embed "spots/fit_spline.cl"
    , 0};
TEXT(spots_worth) = {
#embed "spots/worth.clh"
    , 0};
TEXT(tensor_add) = {
#embed "tensor/add.cl"
    , 0};
TEXT(tensor_channel_affine) = {
#embed "tensor/channel_affine.cl"
    , 0};
TEXT(tensor_elementwise) = {
#embed "tensor/elementwise.cl"
    , 0};
TEXT(tensor_integrate_probability) = {
#embed "tensor/integrate_probability.cl"
    , 0};
TEXT(tensor_link_points) = {
#embed "tensor/link_points.cl"
    , 0};
TEXT(tensor_list_starts) = {
#embed "tensor/list_starts.cl"
    , 0};
TEXT(tensor_norm_apply) = {
#embed "tensor/norm_apply.cl"
    , 0};
TEXT(tensor_norm_groups) = {
#embed "tensor/norm_groups.cl"
    , 0};
TEXT(tensor_norm_rows) = {
#embed "tensor/norm_rows.cl"
    , 0};
TEXT(tensor_pixel_counts) = {
#embed "tensor/pixel_counts.cl"
    , 0};
TEXT(tensor_pixel_list) = {
#embed "tensor/pixel_list.cl"
    , 0};
TEXT(tensor_pool) = {
#embed "tensor/pool.cl"
    , 0};
TEXT(tensor_prelu) = {
#embed "tensor/prelu.cl"
    , 0};
TEXT(tensor_put_channels) = {
#embed "tensor/put_channels.cl"
    , 0};
TEXT(tensor_rolling_history) = {
#embed "tensor/rolling_history.cl"
    , 0};
TEXT(tensor_rolling_window) = {
#embed "tensor/rolling_window.cl"
    , 0};
TEXT(tensor_softmax) = {
#embed "tensor/softmax.cl"
    , 0};
TEXT(tensor_take_channels) = {
#embed "tensor/take_channels.cl"
    , 0};
TEXT(tensor_temporal_window) = {
#embed "tensor/temporal_window.cl"
    , 0};
TEXT(tensor_upsample_image) = {
#embed "tensor/upsample_image.cl"
    , 0};
TEXT(tensor_volume) = {
#embed "tensor/volume.clh"
    , 0};
TEXT(tensor_volume_counts) = {
#embed "tensor/volume_counts.cl"
    , 0};
TEXT(tensor_volume_list) = {
#embed "tensor/volume_list.cl"
    , 0};
TEXT(train_elementwise_gradient) = {
#embed "train/elementwise_gradient.cl"
    , 0};
TEXT(train_norm_gradient_apply) = {
#embed "train/norm_gradient_apply.cl"
    , 0};
TEXT(train_norm_gradient_groups) = {
#embed "train/norm_gradient_groups.cl"
    , 0};
TEXT(train_norm_gradient_rows) = {
#embed "train/norm_gradient_rows.cl"
    , 0};
TEXT(train_pad_channels) = {
#embed "train/pad_channels.cl"
    , 0};
TEXT(train_pool_gradient) = {
#embed "train/pool_gradient.cl"
    , 0};
TEXT(train_prelu_gradient) = {
#embed "train/prelu_gradient.cl"
    , 0};
TEXT(train_softmax_gradient) = {
#embed "train/softmax_gradient.cl"
    , 0};
TEXT(train_sum_chunks) = {
#embed "train/sum_chunks.cl"
    , 0};
TEXT(train_sum_pixels) = {
#embed "train/sum_pixels.cl"
    , 0};
TEXT(train_turn_weights) = {
#embed "train/turn_weights.cl"
    , 0};
TEXT(train_upsample_gradient) = {
#embed "train/upsample_gradient.cl"
    , 0};
TEXT(train_weight_gradient) = {
#embed "train/weight_gradient.cl"
    , 0};
TEXT(train_weight_parts) = {
#embed "train/weight_parts.cl"
    , 0};
TEXT(train_weight_tile) = {
#embed "train/weight_tile.cl"
    , 0};
TEXT(train_window_gradient) = {
#embed "train/window_gradient.cl"
    , 0};

TEXT(tuning) = {
#embed "tuning.json"
    , 0};

#define SOURCE(path, symbol) {path, symbol, sizeof symbol - 1}

static const glint_kernel_source sources[] = {
    SOURCE("conv/channels.clh", conv_channels),
    SOURCE("conv/direct.cl", conv_direct),
    SOURCE("conv/epilogue.clh", conv_epilogue),
    SOURCE("conv/tile.cl", conv_tile),
    SOURCE("conv/transposed.cl", conv_transposed),
    SOURCE("conv/winograd.cl", conv_winograd),
    SOURCE("conv/winograd_weights.cl", conv_winograd_weights),
    SOURCE("detect/calibrate.cl", detect_calibrate),
    SOURCE("detect/difference.clh", detect_difference),
    SOURCE("detect/difference_of_gaussians.cl", detect_difference_of_gaussians),
    SOURCE("detect/dynamic_cutoff.cl", detect_dynamic_cutoff),
    SOURCE("detect/gather_spots.cl", detect_gather_spots),
    SOURCE("detect/group.clh", detect_group),
    SOURCE("detect/local_maxima_list.cl", detect_local_maxima_list),
    SOURCE("detect/local_maxima_rows.cl", detect_local_maxima_rows),
    SOURCE("detect/matched_filter.cl", detect_matched_filter),
    SOURCE("detect/net_gradient.cl", detect_net_gradient),
    SOURCE("detect/select_count.cl", detect_select_count),
    SOURCE("detect/select_peaks.cl", detect_select_peaks),
    SOURCE("detect/temporal_median.cl", detect_temporal_median),
    SOURCE("detect/wavelet.cl", detect_wavelet),
    SOURCE("detect/wavelet_noise.cl", detect_wavelet_noise),
    SOURCE("render/render_clear.cl", render_render_clear),
    SOURCE("render/render_gaussian.cl", render_render_gaussian),
    SOURCE("render/render_histogram.cl", render_render_histogram),
    SOURCE("render/render_image.cl", render_render_image),
    SOURCE("render/sum.clh", render_sum),
    SOURCE("shared/activations.clh", shared_activations),
    SOURCE("shared/assess.clh", shared_assess),
    SOURCE("shared/astigmatic.clh", shared_astigmatic),
    SOURCE("shared/better.clh", shared_better),
    SOURCE("shared/border.clh", shared_border),
    SOURCE("shared/conv_params.h", shared_conv_params),
    SOURCE("shared/detect_params.h", shared_detect_params),
    SOURCE("shared/gaussian.clh", shared_gaussian),
    SOURCE("shared/lm.clh", shared_lm),
    SOURCE("shared/math.clh", shared_math),
    SOURCE("shared/psf.clh", shared_psf),
    SOURCE("shared/real.clh", shared_real),
    SOURCE("shared/render.clh", shared_render),
    SOURCE("shared/render_params.h", shared_render_params),
    SOURCE("shared/slopes.clh", shared_slopes),
    SOURCE("shared/spline.clh", shared_spline),
    SOURCE("shared/spot.clh", shared_spot),
    SOURCE("shared/spots_params.h", shared_spots_params),
    SOURCE("shared/storage.clh", shared_storage),
    SOURCE("shared/tensor_params.h", shared_tensor_params),
    SOURCE("shared/train_params.h", shared_train_params),
    SOURCE("shared/two_float.clh", shared_two_float),
    SOURCE("spots/assess.cl", spots_assess),
    SOURCE("spots/assess_spline.cl", spots_assess_spline),
    SOURCE("spots/better_fit.cl", spots_better_fit),
    SOURCE("spots/columns.clh", spots_columns),
    SOURCE("spots/fit.cl", spots_fit),
    SOURCE("spots/fit_spline.cl", spots_fit_spline),
    SOURCE("spots/worth.clh", spots_worth),
    SOURCE("tensor/add.cl", tensor_add),
    SOURCE("tensor/channel_affine.cl", tensor_channel_affine),
    SOURCE("tensor/elementwise.cl", tensor_elementwise),
    SOURCE("tensor/integrate_probability.cl", tensor_integrate_probability),
    SOURCE("tensor/link_points.cl", tensor_link_points),
    SOURCE("tensor/list_starts.cl", tensor_list_starts),
    SOURCE("tensor/norm_apply.cl", tensor_norm_apply),
    SOURCE("tensor/norm_groups.cl", tensor_norm_groups),
    SOURCE("tensor/norm_rows.cl", tensor_norm_rows),
    SOURCE("tensor/pixel_counts.cl", tensor_pixel_counts),
    SOURCE("tensor/pixel_list.cl", tensor_pixel_list),
    SOURCE("tensor/pool.cl", tensor_pool),
    SOURCE("tensor/prelu.cl", tensor_prelu),
    SOURCE("tensor/put_channels.cl", tensor_put_channels),
    SOURCE("tensor/rolling_history.cl", tensor_rolling_history),
    SOURCE("tensor/rolling_window.cl", tensor_rolling_window),
    SOURCE("tensor/softmax.cl", tensor_softmax),
    SOURCE("tensor/take_channels.cl", tensor_take_channels),
    SOURCE("tensor/temporal_window.cl", tensor_temporal_window),
    SOURCE("tensor/upsample_image.cl", tensor_upsample_image),
    SOURCE("tensor/volume.clh", tensor_volume),
    SOURCE("tensor/volume_counts.cl", tensor_volume_counts),
    SOURCE("tensor/volume_list.cl", tensor_volume_list),
    SOURCE("train/elementwise_gradient.cl", train_elementwise_gradient),
    SOURCE("train/norm_gradient_apply.cl", train_norm_gradient_apply),
    SOURCE("train/norm_gradient_groups.cl", train_norm_gradient_groups),
    SOURCE("train/norm_gradient_rows.cl", train_norm_gradient_rows),
    SOURCE("train/pad_channels.cl", train_pad_channels),
    SOURCE("train/pool_gradient.cl", train_pool_gradient),
    SOURCE("train/prelu_gradient.cl", train_prelu_gradient),
    SOURCE("train/softmax_gradient.cl", train_softmax_gradient),
    SOURCE("train/sum_chunks.cl", train_sum_chunks),
    SOURCE("train/sum_pixels.cl", train_sum_pixels),
    SOURCE("train/turn_weights.cl", train_turn_weights),
    SOURCE("train/upsample_gradient.cl", train_upsample_gradient),
    SOURCE("train/weight_gradient.cl", train_weight_gradient),
    SOURCE("train/weight_parts.cl", train_weight_parts),
    SOURCE("train/weight_tile.cl", train_weight_tile),
    SOURCE("train/window_gradient.cl", train_window_gradient),
    SOURCE("tuning.json", tuning),
};

const glint_kernel_source *glint_kernel_sources(size_t *count) {
  *count = sizeof sources / sizeof sources[0];
  return sources;
}
