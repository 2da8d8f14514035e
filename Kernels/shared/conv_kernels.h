// The convolution kernels: parameters (4-byte fields only) and operands.
#ifndef GLINT_CONV_KERNELS_H
#define GLINT_CONV_KERNELS_H
#include "tensor_kernels.h"

/// Maximum number of tensors that the steps of an epilogue read.
#define GLINT_EPILOGUE_TENSORS 4

/// Maximum number of output vectors that a CPU kernel finishes together: a Winograd or register tile.
#define GLINT_FINISH_MOST 16

/// x [batch, height, width, channels] * w [kernel_height, kernel_width, channels, out_channels].
typedef struct {
  int batch, height, width, channels;
  int out_height, out_width, out_channels;
  int kernel_height, kernel_width;
  int stride, dilation;
  int pad_top, pad_left;
  int enlarge;  ///< 1: x is first enlarged 2 times by repetition; height and width are before that
  int block;  ///< pixels (gemm, lines) or tiles (winograd) of one CPU item
  int stream;  ///< 1: CPU stores bypass the caches; every vector of channels is then a whole line
  glint_channel_range in, out;
  glint_channel_range added[GLINT_EPILOGUE_TENSORS];  ///< of the epilogue's tensors that have pixels
  glint_elementwise_params epilogue;
} glint_conv_params;

/// Image, weights in the kernel's layout, result, and the tensors of the epilogue in order.
#define GLINT_convolution(X)                                                          \
  X(in, IN_TYPE, x) X(in, float, w) X(out, OUT_TYPE, out) X(maybe_in, ADDED_TYPE, e0) \
  X(maybe_in, ADDED_TYPE, e1) X(maybe_in, ADDED_TYPE, e2) X(maybe_in, ADDED_TYPE, e3)
GLINT_OPERANDS(convolution)
GLINT_CPU_KERNEL(conv_direct, glint_conv_params, convolution)
GLINT_CPU_KERNEL(conv_transposed, glint_conv_params, convolution)
GLINT_CPU_KERNEL(conv_gemm, glint_conv_params, convolution)
GLINT_CPU_KERNEL(conv_lines, glint_conv_params, convolution)
GLINT_CPU_KERNEL(conv_winograd4_tiles, glint_conv_params, convolution)
GLINT_CPU_KERNEL(conv_winograd2_tiles, glint_conv_params, convolution)
GLINT_OPENCL_KERNEL(conv, direct, glint_conv_params, convolution)
GLINT_OPENCL_KERNEL(conv, transposed, glint_conv_params, convolution)
GLINT_OPENCL_KERNEL(conv, tile, glint_conv_params, convolution)
GLINT_OPENCL_KERNEL(conv, winograd, glint_conv_params, convolution)

/// Packs weights into the layout that a kernel reads.
#define GLINT_packing(X) X(in, float, w) X(out, float, packed)
GLINT_OPERANDS(packing)
GLINT_CPU_KERNEL(conv_gemm_weights, glint_conv_params, packing)
GLINT_CPU_KERNEL(conv_winograd4_weights, glint_conv_params, packing)
GLINT_CPU_KERNEL(conv_winograd2_weights, glint_conv_params, packing)
GLINT_OPENCL_KERNEL(conv, winograd_weights, glint_conv_params, packing)

#endif
