// The median of each frame's magnitudes, selected exactly; see noise.inc. A group is a frame. As integers,
// floats without their sign have the order of their values; three passes find the 11, 10 and 10 bits of the
// median's from histograms of the values that agree in the bits before.
#include "shared/detect_kernels.h"
#include "shared/real.clh"

enum { NOISE_FINITE = 0x7f7fffff, NOISE_BINS = 2048, NOISE_OWN = NOISE_BINS / GLINT_NOISE_GROUP };

GROUP_KERNEL(wavelet_noise, GLINT_NOISE_GROUP, 1, 1) {
  local int bins[NOISE_BINS], sums[GLINT_NOISE_GROUP], found[3];  // found: bits so far, rank, zeros
  const int lane = get_local_id(0), size = p.height * p.width;
  global const float *frame = images + get_group_id(0) * (size_t)size;
  if (lane == 0) found[0] = found[1] = found[2] = 0;
  int signals = 0;
  for (int shift = 20; shift >= 0; shift -= 10) {
    for (int i = 0; i < NOISE_OWN; i++) bins[lane * NOISE_OWN + i] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    const int digits = shift == 20 ? 11 : 10, known = found[0];
    int zeros = 0;
    for (int i = lane; i < size; i += GLINT_NOISE_GROUP) {
      const int key = AS_WHOLE(frame[i]) & 0x7fffffff;
      zeros += key == 0;
      if (key != 0 && key <= NOISE_FINITE && key >> (shift + digits - 1) >> 1 == known)
        atomic_inc(&bins[key >> shift & ((1 << digits) - 1)]);
    }
    if (zeros != 0) atomic_add(&found[2], zeros);
    barrier(CLK_LOCAL_MEM_FENCE);
    int own = 0;
    for (int i = 0; i < NOISE_OWN; i++) own += bins[lane * NOISE_OWN + i];
    sums[lane] = own;
    barrier(CLK_LOCAL_MEM_FENCE);
    int before = 0, all = 0;
    for (int i = 0; i < GLINT_NOISE_GROUP; i++) {
      before += i < lane ? sums[i] : 0;
      all += sums[i];
    }
    const int rank = shift == 20 ? (all - 1) / 2 : found[1];
    if (shift == 20) signals = all;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (before <= rank && rank < before + own) {
      int bin = lane * NOISE_OWN;
      while (before + bins[bin] <= rank) before += bins[bin++];
      found[0] = known << digits | bin;
      found[1] = rank - before;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (lane == 0) {
    const float own = GLINT_NOISE_PER_MEDIAN * AS_REAL(found[0]);
    const int is_empty = signals == 0 && found[2] == 0;
    noise[get_group_id(0)] = is_empty ? INFINITY : own > p.least ? own : p.least;
  }
}
