// Convolution as an implicit matrix product: a group of 64 items computes 64 output pixels of TILE
// channels, an item 8 pixels of every eighth channel. TILE is 32 or 64.
// The output pixel whose patch this item loads.
#include "conv/epilogue.clh"

#define GROUP 64
#define PIXELS 8
#define OWN (TILE / 8)
#define DEPTH 8

GROUP_KERNEL_OF(convolution, tile, GROUP, 1, 1) {
  local float patch[DEPTH][GROUP];
  local float taps[DEPTH][TILE];
  const int id = get_local_id(0), group = get_group_id(0);
  const int tiles = (p.out_channels + TILE - 1) / TILE;
  const int first = group / tiles * GROUP, k0 = group % tiles * TILE;
  const int pixels = p.batch * p.out_height * p.out_width;

  // The output pixel whose patch this item fetches.
  const int mine = first + id;
  const int ox = mine % p.out_width, oy = mine / p.out_width % p.out_height;
  const int image = mine / (p.out_width * p.out_height);
  // The corner of the block of sums that this item computes.
  const int row = id / 8 * PIXELS, column = id % 8;
  float sum[PIXELS][OWN];
  for (int i = 0; i < PIXELS; i++)
    for (int j = 0; j < OWN; j++) sum[i][j] = 0.0f;

  for (int tap = 0; tap < p.kernel_height * p.kernel_width; tap++) {
    const int ky = tap / p.kernel_width, kx = tap % p.kernel_width;
    const int iy = (oy * p.stride - p.pad_top + ky * p.dilation) >> p.enlarge;
    const int ix = (ox * p.stride - p.pad_left + kx * p.dilation) >> p.enlarge;
    const int inside =
        mine < pixels && iy >= 0 && iy < p.height && ix >= 0 && ix < p.width;
    const int source = ((image * p.height + iy) * p.width + ix) * p.in.pitch + p.in.first;
    for (int c0 = 0; c0 < p.channels; c0 += DEPTH) {
      for (int d = 0; d < DEPTH; d++)
        patch[d][id] = inside && c0 + d < p.channels ? READ(x, source + c0 + d) : 0.0f;
      for (int i = id; i < DEPTH * TILE; i += GROUP) {
        const int d = i / TILE, k = i % TILE;
        taps[d][k] = c0 + d < p.channels && k0 + k < p.out_channels
                         ? w[(tap * p.channels + c0 + d) * p.out_channels + k0 + k]
                         : 0.0f;
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int d = 0; d < DEPTH; d++) {
        float a[PIXELS], b[OWN];
        for (int i = 0; i < PIXELS; i++) a[i] = patch[d][row + i];
        for (int j = 0; j < OWN; j++) b[j] = taps[d][column + 8 * j];
        for (int i = 0; i < PIXELS; i++)
          for (int j = 0; j < OWN; j++) sum[i][j] = fma(a[i], b[j], sum[i][j]);
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
  }
  for (int i = 0; i < PIXELS; i++)
    for (int j = 0; j < OWN; j++) {
      const int pixel = first + row + i, k = k0 + column + 8 * j;
      if (pixel < pixels && k < p.out_channels)
        WRITE(out, pixel * p.out.pitch + p.out.first + k, EPILOGUE(p, sum[i][j], k, pixel));
    }
}
