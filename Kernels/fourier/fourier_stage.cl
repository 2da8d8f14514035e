// One stage of Fourier transforms along an axis; an item reads RADIX values and writes RADIX values.
// READ and WRITE are the layouts of lines (fourier_kernels.h). fourier.inc has the same order of operations.
#include "shared/fourier.clh"

KERNEL_OF(fourier, fourier_stage) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int c = i % p.inner, butterflies = p.length / RADIX;
  const int t = i / p.inner % butterflies, o = i / p.inner / butterflies;
  const int part = t / p.stride, q = t % p.stride, step = butterflies;
  const float sign = p.inverse ? -1.0f : 1.0f;
  complex_real v[RADIX];
#pragma unroll
  for (int k = 0; k < RADIX; k++) {
    const int place = t + step * k;
    const int at = (o * glint_fourier_kept(READ, p.length) + place) * p.inner + c;
    if (READ == glint_fourier_real) {
      v[k].re = in[at];
      v[k].im = 0.0f;
    } else if (READ == glint_fourier_half && place > p.length / 2) {
      v[k].re = v[k].im = 0.0f;
    } else {
      const float weight =
          READ == glint_fourier_half ? glint_fourier_weight(p.doubled, place, p.length) : 1.0f;
      v[k].re = in[2 * at] * weight;
      v[k].im = in[2 * at + 1] * weight;
    }
  }
  fourier_butterfly(RADIX, sign, v);
#pragma unroll
  for (int k = 0; k < RADIX; k++) {
    const int turn = 2 * part * k * p.stride;
    complex_real y = v[k];
    if (k > 0) y = fourier_turned(y, turns[turn], turns[turn + 1], sign);
    const int place = q + p.stride * (RADIX * part + k);
    const int at = (o * glint_fourier_kept(WRITE, p.length) + place) * p.inner + c;
    if (WRITE == glint_fourier_real) {
      out[at] = y.re * p.scale;
    } else if (WRITE == glint_fourier_complex || place <= p.length / 2) {
      const float weight =
          WRITE == glint_fourier_half ? glint_fourier_weight(p.doubled, place, p.length) : 1.0f;
      out[2 * at] = y.re * weight * p.scale;
      out[2 * at + 1] = y.im * weight * p.scale;
    }
  }
}
