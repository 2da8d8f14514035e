// Winograd convolution F(2×2, 3×3), stride 1, any dilation (a dilated image is treated as dilation²
// plain ones). A group of 64 items computes TILES tiles of 2 × 2 pixels of OUTPUTS channels. Of the 16
// products per pair of channels, an item computes one, for all tiles and a quarter of the outputs
// (Lavin and Gray 2016).
//
// w as packed by winograd_weights.cl: [point, channel, output], outputs padded to a multiple of OUTPUTS.
#include "conv/epilogue.clh"

#define GROUP 64
#define TILES 8
#define OUTPUTS 32
#define DEPTH 8
#define OWN 8
#define POINTS 16

/// Transforms one axis in place: four values `s` apart.
static void transform_input(float *d, const int s) {
  const float d1 = d[s], d2 = d[2 * s];
  d[0] -= d2;
  d[s] = d1 + d2;
  d[3 * s] = d1 - d[3 * s];
  d[2 * s] = d2 - d1;
}

static void transform_output(const float *m, const int from, float *y, const int to) {
  y[0] = m[0] + m[from] + m[2 * from];
  y[to] = m[from] - m[2 * from] - m[3 * from];
}

/// Where a tile starts: image, row, column; image -1 past the last tile.
static int4 place(const glint_conv_params *p, const int tile) {
  const int d = p->dilation;
  const int along = ((p->out_width + d - 1) / d + 1) / 2;
  const int down = ((p->out_height + d - 1) / d + 1) / 2;
  const int x = tile % along, y = tile / along % down;
  const int phase = tile / (along * down);
  const int image = phase / (d * d);
  return (int4)(image < p->batch ? image : -1, y * 2 * d + phase / d % d, x * 2 * d + phase % d, 0);
}

GROUP_KERNEL_OF(convolution, winograd, GROUP, 1, 1) {
  local float inputs[POINTS][DEPTH][TILES];
  local float taps[POINTS][DEPTH][OUTPUTS];  // and at the end the products, [point, tile, output]
  const int id = get_local_id(0), group = get_group_id(0);
  const int blocks = (p.out_channels + OUTPUTS - 1) / OUTPUTS;
  const int first = group / blocks * TILES, k0 = group % blocks * OUTPUTS;
  const int padded = blocks * OUTPUTS;

  // What this item loads: one channel in DEPTH of one tile.
  const int fetched = id / DEPTH, channel = id % DEPTH;
  const int4 from = place(&p, first + fetched);
  // What this item sums.
  const int point = id / 4, quarter = id % 4;
  float sum[TILES][OWN];
  for (int i = 0; i < TILES; i++)
    for (int j = 0; j < OWN; j++) sum[i][j] = 0.0f;

  for (int c0 = 0; c0 < p.channels; c0 += DEPTH) {
    const int c = c0 + channel;
    float v[POINTS];
    for (int i = 0; i < POINTS; i++) {
      const int iy = (from.y - p.pad_top + i / 4 * p.dilation) >> p.enlarge;
      const int ix = (from.z - p.pad_left + i % 4 * p.dilation) >> p.enlarge;
      const int inside = from.x >= 0 && c < p.channels && iy >= 0 && iy < p.height && ix >= 0 &&
                         ix < p.width;
      const int source = ((from.x * p.height + iy) * p.width + ix) * p.in.pitch + p.in.first + c;
      v[i] = inside ? READ(x, source) : 0.0f;
    }
    for (int i = 0; i < 4; i++) transform_input(v + i, 4);
    for (int i = 0; i < 4; i++) transform_input(v + 4 * i, 1);
    for (int i = 0; i < POINTS; i++) inputs[i][channel][fetched] = v[i];
    for (int i = id; i < POINTS * DEPTH * OUTPUTS; i += GROUP) {
      const int k = i % OUTPUTS, d = i / OUTPUTS % DEPTH, t = i / (OUTPUTS * DEPTH);
      taps[t][d][k] = c0 + d < p.channels ? w[(t * p.channels + c0 + d) * padded + k0 + k] : 0.0f;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int d = 0; d < DEPTH; d++) {
      float a[TILES], b[OWN];
      for (int i = 0; i < TILES; i++) a[i] = inputs[point][d][i];
      for (int j = 0; j < OWN; j++) b[j] = taps[point][d][quarter + 4 * j];
      for (int i = 0; i < TILES; i++)
        for (int j = 0; j < OWN; j++) sum[i][j] = fma(a[i], b[j], sum[i][j]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  for (int i = 0; i < TILES; i++)
    for (int j = 0; j < OWN; j++) taps[point][i][quarter + 4 * j] = sum[i][j];
  barrier(CLK_LOCAL_MEM_FENCE);

  for (int n = id; n < TILES * OUTPUTS; n += GROUP) {
    const int tile = n / OUTPUTS, k = k0 + n % OUTPUTS;
    const int4 to = place(&p, first + tile);
    float m[POINTS], rows[8], y[4];
    for (int i = 0; i < POINTS; i++) m[i] = taps[i][tile][n % OUTPUTS];
    for (int i = 0; i < 4; i++) transform_output(m + i, 4, rows + i, 4);
    for (int i = 0; i < 2; i++) transform_output(rows + 4 * i, 1, y + 2 * i, 1);
    for (int i = 0; i < 4; i++) {
      const int oy = to.y + i / 2 * p.dilation, ox = to.z + i % 2 * p.dilation;
      if (to.x < 0 || oy >= p.out_height || ox >= p.out_width || k >= p.out_channels) continue;
      const int pixel = (to.x * p.out_height + oy) * p.out_width + ox;
      WRITE(out, pixel * p.out.pitch + p.out.first + k, EPILOGUE(p, y[i], k, pixel));
    }
  }
}
