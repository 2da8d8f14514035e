// Declares a kernel once for C, OpenCL C and Swift.
//
//   /// Sum of two tensors of one shape.
//   #define GLINT_add(X) X(in, float, left) X(in, float, right) X(out, float, out)
//   GLINT_KERNEL(tensor, add, glint_no_params)
//
// The macro lists the operands in order: direction, element and name. The line below it states the
// folder, the kernel and its parameter struct. It declares the CPU kernel `add`, the OpenCL kernel
// `add` in tensor/add.cl, and what Swift needs to launch them with exactly these operands.
//
// An operand is `in` or `out`, or `maybe_in` or `maybe_out` if a launch may omit it. Elements are
// float, int, uint and uint2 (of OpenCL); PIXEL, the movie's element; IN_TYPE, OUT_TYPE and ADDED_TYPE,
// float or half (storage.clh).
//
// Kernels that share operands are declared individually: GLINT_OPERANDS(list), then GLINT_CPU_KERNEL and
// GLINT_OPENCL_KERNEL with that list.
#ifndef GLINT_KERNEL_H
#define GLINT_KERNEL_H

#define GLINT_KERNEL(folder, name, parameters)  \
  GLINT_OPERANDS(name)                          \
  GLINT_CPU_KERNEL(name, parameters, name)      \
  GLINT_OPENCL_KERNEL(folder, name, parameters, name)

#define GLINT_CONST_in const
#define GLINT_CONST_maybe_in const
#define GLINT_CONST_out
#define GLINT_CONST_maybe_out

// In C and Swift, CPUKernels defines these macros (glint_launch.h) before it includes declarations.
#ifdef __OPENCL_VERSION__

#define GLINT_OPERANDS(list)
#define GLINT_CPU_KERNEL(name, parameters, list)
#define GLINT_CPU_PIXEL_KERNEL(name, parameters, list, element)
#define GLINT_OPENCL_KERNEL(folder, name, parameters, list) \
  typedef parameters glint_##name##_parameters;

#define GLINT_ARGUMENT(direction, type, name) , global GLINT_CONST_##direction type *name
#define GLINT_SIGNATURE(list, name) \
  name(const glint_##name##_parameters p GLINT_##list(GLINT_ARGUMENT), const int items)

/// Begins the kernel `name`: its parameters are `p`, its operands have their names, `items` is how many
/// items there are. GROUP_KERNEL is one whose work-groups are of the stated size.
#define KERNEL(name) KERNEL_OF(name, name)
#define KERNEL_OF(list, name) kernel void GLINT_SIGNATURE(list, name)
#define GROUP_KERNEL(name, x, y, z) GROUP_KERNEL_OF(name, name, x, y, z)
#define GROUP_KERNEL_OF(list, name, x, y, z) \
  kernel __attribute__((reqd_work_group_size(x, y, z))) void GLINT_SIGNATURE(list, name)

#endif

#endif
