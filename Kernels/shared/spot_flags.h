// The flags of a box of pixels.
#ifndef GLINT_SPOT_FLAGS_H
#define GLINT_SPOT_FLAGS_H

#define GLINT_SPOT_SATURATED 1
#define GLINT_SPOT_NAN 2

/// The number of the box's columns and rows that lie outside the frame, 4 bits each: half of the largest box
/// is 15 pixels.
#define GLINT_SPOT_LEFT(flags) (((flags) >> 4) & 15)
#define GLINT_SPOT_RIGHT(flags) (((flags) >> 8) & 15)
#define GLINT_SPOT_TOP(flags) (((flags) >> 12) & 15)
#define GLINT_SPOT_BOTTOM(flags) (((flags) >> 16) & 15)
#define GLINT_SPOT_CUT(left, right, top, bottom) \
  ((left) << 4 | (right) << 8 | (top) << 12 | (bottom) << 16)
/// Not 0 if the frame's edge cuts the box.
#define GLINT_SPOT_IS_CUT(flags) ((flags) >> 4)

#endif
