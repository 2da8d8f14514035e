// The gradient of a convolution with respect to its weights as a matrix product through local memory,
// over a part of the pixels: a group of 64 items computes 64 rows (tap, input channel) of TILE outputs, an
// item 8 rows of TILE / 8. TILE is 32 or 64.
#include "shared/real.clh"
#include "shared/train_kernels.h"

#define GROUP 64
#define ROWS 8
#define OWN (TILE / 8)
#define DEPTH 8

GROUP_KERNEL_OF(weight_gradient, weight_tile, GROUP, 1, 1) {
  local float values[DEPTH][GROUP];
  local float slopes[DEPTH][TILE];
  const int id = get_local_id(0), group = get_group_id(0);
  const int lines = p.kernel_height * p.kernel_width * p.channels;
  const int tiles = (p.out_channels + TILE - 1) / TILE, panels = (lines + GROUP - 1) / GROUP;
  const int k0 = group % tiles * TILE, first = group / tiles % panels * GROUP;
  const int part = group / (tiles * panels);
  const int begin = part * p.block * p.out_width;
  const int end = min((part + 1) * p.block, p.batch * p.out_height) * p.out_width;

  // The row whose values this item loads, and the corner of the block of sums that it computes.
  const int mine = first + id, tap = mine / p.channels, c = mine % p.channels;
  const int down = tap / p.kernel_width * p.dilation - p.pad_top;
  const int along = tap % p.kernel_width * p.dilation - p.pad_left;
  const int row = id / 8 * ROWS, column = id % 8 * OWN;
  float sum[ROWS][OWN];
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < OWN; j++) sum[i][j] = 0.0f;

  for (int pixel = begin; pixel < end; pixel += DEPTH) {
    for (int d = 0; d < DEPTH; d++) {
      const int at = pixel + d, line = at / p.out_width;
      const int iy = line % p.out_height * p.stride + down;
      const int ix = at % p.out_width * p.stride + along;
      const int inside = mine < lines && at < end && iy >= 0 && iy < p.height && ix >= 0 &&
                         ix < p.width;
      values[d][id] =
          inside ? x[((line / p.out_height * p.height + iy) * p.width + ix) * p.channels + c]
                 : 0.0f;
    }
    for (int i = id; i < DEPTH * TILE; i += GROUP) {
      const int at = pixel + i / TILE, k = k0 + i % TILE;
      slopes[i / TILE][i % TILE] =
          at < end && k < p.out_channels ? given[at * p.out_channels + k] : 0.0f;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int d = 0; d < DEPTH; d++) {
      float a[ROWS], b[OWN];
      for (int i = 0; i < ROWS; i++) a[i] = values[d][row + i];
      for (int j = 0; j < OWN; j++) b[j] = slopes[d][column + j];
      for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < OWN; j++) sum[i][j] = fma(a[i], b[j], sum[i][j]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < OWN; j++) {
      const int line = first + row + i, k = k0 + column + j;
      if (line < lines && k < p.out_channels)
        partial[(part * lines + line) * p.out_channels + k] = sum[i][j];
    }
}
