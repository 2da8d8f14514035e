// Every vector kernel, once. A line here declares it, compiles it into each instruction set's table
// and makes it findable by name.
#define KERNEL_LIST(isa)                                                            \
  TENSOR_KERNELS(isa) CONV_KERNELS(isa) DETECT_KERNELS(isa) SPOT_KERNELS(isa)       \
  RENDER_KERNELS(isa) TRAIN_KERNELS(isa)

#define TENSOR_KERNELS(isa) \
  KERNEL(add, isa)          \
  KERNEL(elementwise, isa)  \
  KERNEL(put_channels, isa) \
  KERNEL(take_channels, isa)\
  KERNEL(channel_affine, isa)\
  KERNEL(prelu, isa)        \
  KERNEL(softmax, isa)      \
  KERNEL(temporal_window, isa)\
  KERNEL(rolling_window, isa)\
  KERNEL(rolling_history, isa)\
  KERNEL(pool, isa)         \
  KERNEL(upsample_image, isa)\
  KERNEL(norm_rows, isa)    \
  KERNEL(norm_groups, isa)  \
  KERNEL(norm_apply, isa)   \
  KERNEL(integrate_probability, isa)  \
  KERNEL(pixel_counts, isa)           \
  KERNEL(pixel_list, isa)             \
  KERNEL(list_starts, isa)            \
  KERNEL(volume_counts, isa)          \
  KERNEL(volume_list, isa)            \
  KERNEL(link_points, isa)

#define CONV_KERNELS(isa)             \
  KERNEL(conv_direct, isa)            \
  KERNEL(conv_transposed, isa)        \
  KERNEL(conv_gemm_weights, isa)      \
  KERNEL(conv_gemm, isa)              \
  KERNEL(conv_blas, isa)              \
  KERNEL(conv_single, isa)            \
  KERNEL(conv_winograd4_weights, isa) \
  KERNEL(conv_winograd4_tiles, isa)   \
  KERNEL(conv_winograd2_weights, isa) \
  KERNEL(conv_winograd2_tiles, isa)

#define DETECT_KERNELS(isa)            \
  KERNEL(calibrate_u16, isa)           \
  KERNEL(calibrate_f32, isa)           \
  KERNEL(difference_of_gaussians, isa) \
  KERNEL(wavelet, isa)                 \
  KERNEL(matched_filter, isa)          \
  KERNEL(wavelet_noise, isa)           \
  KERNEL(temporal_median, isa)         \
  KERNEL(local_maxima_rows, isa)       \
  KERNEL(local_maxima_list, isa)       \
  KERNEL(net_gradient, isa)            \
  KERNEL(dynamic_cutoff, isa)          \
  KERNEL(select_count, isa)            \
  KERNEL(select_peaks, isa)            \
  KERNEL(gather_spots_u16, isa)        \
  KERNEL(gather_spots_f32, isa)

#define SPOT_KERNELS(isa)                    \
  KERNEL(fit_fixed, isa)                     \
  KERNEL(fit_fixed_sampled, isa)             \
  KERNEL(fit_fixed_lsq, isa)                 \
  KERNEL(fit_fixed_lsq_sampled, isa)         \
  KERNEL(fit_free, isa)                      \
  KERNEL(fit_free_sampled, isa)              \
  KERNEL(fit_free_lsq, isa)                  \
  KERNEL(fit_free_lsq_sampled, isa)          \
  KERNEL(fit_elliptical, isa)                \
  KERNEL(fit_elliptical_sampled, isa)        \
  KERNEL(fit_elliptical_lsq, isa)            \
  KERNEL(fit_elliptical_lsq_sampled, isa)    \
  KERNEL(assess_fixed, isa)                  \
  KERNEL(assess_fixed_sampled, isa)          \
  KERNEL(assess_fixed_lsq, isa)              \
  KERNEL(assess_fixed_lsq_sampled, isa)      \
  KERNEL(assess_free, isa)                   \
  KERNEL(assess_free_sampled, isa)           \
  KERNEL(assess_free_lsq, isa)               \
  KERNEL(assess_free_lsq_sampled, isa)       \
  KERNEL(assess_elliptical, isa)             \
  KERNEL(assess_elliptical_sampled, isa)     \
  KERNEL(assess_elliptical_lsq, isa)         \
  KERNEL(assess_elliptical_lsq_sampled, isa) \
  KERNEL(fit_astigmatic, isa)                \
  KERNEL(assess_astigmatic, isa)             \
  KERNEL(fit_spline, isa)                    \
  KERNEL(assess_spline, isa)                 \
  KERNEL(better_fit, isa)

#define RENDER_KERNELS(isa)     \
  KERNEL(render_histogram, isa) \
  KERNEL(render_gaussian, isa)

#define TRAIN_KERNELS(isa)            \
  KERNEL(elementwise_gradient, isa) \
  KERNEL(prelu_gradient, isa)       \
  KERNEL(softmax_gradient, isa)     \
  KERNEL(pool_gradient, isa)        \
  KERNEL(upsample_gradient, isa)    \
  KERNEL(window_gradient, isa)      \
  KERNEL(sum_pixels, isa)           \
  KERNEL(sum_chunks, isa)           \
  KERNEL(turn_weights, isa)         \
  KERNEL(pad_channels, isa)         \
  KERNEL(norm_gradient_rows, isa)   \
  KERNEL(norm_gradient_groups, isa) \
  KERNEL(norm_gradient_apply, isa)  \
  KERNEL(conv_weight_gradient, isa) \
  KERNEL(conv_weight_parts, isa)
