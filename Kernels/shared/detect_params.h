// Parameter structs of the detection kernels: the same bytes for C, OpenCL C and Swift, so only
// 4-byte fields.
#ifndef GLINT_DETECT_PARAMS_H
#define GLINT_DETECT_PARAMS_H

/// ADU to photoelectrons: (D - offset) * inverse_gain, per pixel where maps are given.
typedef struct {
  int width;
  int height;
  int has_maps;
  float offset;
  float inverse_gain;
} glint_calibrate_params;

#endif
