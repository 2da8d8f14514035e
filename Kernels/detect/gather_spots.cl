// Boxes around peaks, in photoelectrons; pixels outside the frame are mirrored. PIXEL is the movie's element
// type: ushort or float. A group is a spot.
#include "detect/group.clh"
#include "shared/detect_kernels.h"
#include "shared/real.clh"

GROUP_KERNEL(gather_spots, GROUP, 1, 1) {
  local int shared;
  const int spot = get_group_id(0), lane = get_local_id(0), size = p.box * p.box;
  if (spot >= min(total[0], p.capacity)) return;
  if (lane == 0) shared = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  global const PIXEL *frame =
      frames + (size_t)(peaks[3 * spot] + p.first_frame) * p.height * p.width;
  const int top = peaks[3 * spot + 1] - p.box / 2, left = peaks[3 * spot + 2] - p.box / 2;
  int flag = 0;
  for (int i = lane; i < size; i += GROUP) {
    const int m = glint_mirrored(top + i / p.box, p.height) * p.width +
                  glint_mirrored(left + i % p.box, p.width);
    const float raw = (float)frame[m];
    const float offset = p.has_maps ? offsets[m] : p.offset;
    const float gain = p.has_maps ? gains[m] : p.inverse_gain;
    const float value = ELECTRONS(raw, offset, gain) * p.scale;
    spots[(size_t)spot * size + i] = value;
    if (p.has_noise) noise[(size_t)spot * size + i] = noise_map[m];
    flag |= raw >= p.saturation ? GLINT_SPOT_SATURATED : 0;
    flag |= value != value ? GLINT_SPOT_NAN : 0;
  }
  if (flag) atomic_or(&shared, flag);
  barrier(CLK_LOCAL_MEM_FENCE);
  if (lane == 0)
    flags[spot] = shared | GLINT_SPOT_CUT(max(-left, 0), max(left + p.box - p.width, 0),
                                          max(-top, 0), max(top + p.box - p.height, 0));
}
