// Merges points that are connected by chains of near neighbours; an item is a frame.
#include "shared/real.clh"
#include "shared/tensor_kernels.h"

KERNEL(link_points) {
  const int frame = get_global_id(0);
  if (frame >= items) return;
  const int count = p.points;
  global const float *at = points + frame * count * 3, *weight = weights + frame * count;
  global int *label = labels + frame * count;
  for (int i = 0; i < count; i++) label[i] = weight[i] >= p.least ? i : -1;
  for (int changed = 1; changed;) {
    changed = 0;
    for (int i = 0; i < count; i++)
      for (int j = 0; j < i; j++) {
        if (label[i] < 0 || label[j] < 0 || label[i] == label[j]) continue;
        const float dx = (at[3 * i] - at[3 * j]) * p.scale_x;
        const float dy = (at[3 * i + 1] - at[3 * j + 1]) * p.scale_y;
        const float dz = (at[3 * i + 2] - at[3 * j + 2]) * p.scale_z;
        if (!(dx * dx + dy * dy + dz * dz <= p.reach)) continue;
        label[i] = label[j] = min(label[i], label[j]);
        changed = 1;
      }
  }
  for (int i = 0; i < count; i++) {
    float sum = 0.0f, mean[3] = {0.0f, 0.0f, 0.0f};
    if (label[i] == i)
      for (int j = i; j < count; j++) {
        if (label[j] != i) continue;
        sum += weight[j];
        for (int k = 0; k < 3; k++) mean[k] = fma(weight[j], at[3 * j + k], mean[k]);
      }
    sums[frame * count + i] = sum;
    for (int k = 0; k < 3; k++)
      joined[(frame * count + i) * 3 + k] = sum > 0.0f ? mean[k] / sum : 0.0f;
  }
}
