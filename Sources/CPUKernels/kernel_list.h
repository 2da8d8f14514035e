// Every vector kernel, once. A line here declares it, compiles it into each instruction set's table
// and makes it findable by name.
#define KERNEL_LIST(isa)               \
  KERNEL(add, isa)                     \
  KERNEL(elementwise, isa)             \
  KERNEL(calibrate_u16, isa)           \
  KERNEL(calibrate_f32, isa)           \
  KERNEL(difference_of_gaussians, isa) \
  KERNEL(wavelet, isa)                 \
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
