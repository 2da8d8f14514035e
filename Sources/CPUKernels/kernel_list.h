// Every vector kernel, once. A line here declares it, compiles it into each instruction set's table
// and makes it findable by name.
#define KERNEL_LIST(isa)                     \
  KERNEL(add, isa)                           \
  KERNEL(elementwise, isa)                   \
  KERNEL(calibrate_u16, isa)                 \
  KERNEL(calibrate_f32, isa)                 \
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
  KERNEL(assess_elliptical_lsq_sampled, isa)
