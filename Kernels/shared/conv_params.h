// Parameter struct of the convolution kernels: 4-byte fields only.
#ifndef GLINT_CONV_PARAMS_H
#define GLINT_CONV_PARAMS_H
#include "tensor_params.h"

/// Tensors that the steps of an epilogue may read, over all steps.
#define GLINT_EPILOGUE_TENSORS 4

/// Most output vectors that a CPU kernel finishes together: a Winograd tile, a register tile.
#define GLINT_FINISH_MOST 16

/// x [batch, height, width, channels] * w [kernel_height, kernel_width, channels, out_channels].
typedef struct {
  int batch, height, width, channels;
  int out_height, out_width, out_channels;
  int kernel_height, kernel_width;
  int stride, dilation;
  int pad_top, pad_left;
  int enlarge;  ///< 1: x is first enlarged 2 times by repetition; height and width are its own
  int block;  ///< pixels (gemm) or tiles (winograd) of one CPU item
  glint_channel_range in, out;
  glint_channel_range added[GLINT_EPILOGUE_TENSORS];  ///< of the epilogue's tensors that have pixels
  glint_elementwise_params epilogue;
} glint_conv_params;

#endif
