// Every vector kernel, once. A line here declares it, compiles it into each instruction set's table
// and makes it findable by name.
#define KERNEL_LIST(isa)     \
  KERNEL(add, isa)           \
  KERNEL(elementwise, isa)   \
  KERNEL(calibrate_u16, isa) \
  KERNEL(calibrate_f32, isa)
