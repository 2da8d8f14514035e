// Images of emitters: a work-group draws a frame.
// Defines: ITEMS, 16 or 1, see shared/lanes16.clh.
#include "shared/emitter_draw.clh"

GROUP_KERNEL(draw_emitters, ITEMS, 1, 1) {
  const int frame = get_group_id(0);
  if (frame >= items) return;
  draw_frame(p, frame, photons, place, width, out, space + (size_t)frame * glint_draw_space(p));
}
