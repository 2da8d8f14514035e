// ADU to photoelectrons. PIXEL is the movie's element type: ushort or float.
#include "shared/real.clh"
#include "shared/detect_kernels.h"

KERNEL(calibrate) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const int m = i % (p.width * p.height);
  const float offset = p.has_maps ? offsets[m] : p.offset;
  const float gain = p.has_maps ? gains[m] : p.inverse_gain;
  out[i] = ELECTRONS((float)frames[i], offset, gain);
}
