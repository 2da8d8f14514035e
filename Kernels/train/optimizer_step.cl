// One step of an optimiser over a parameter; its new value and states may overwrite the old ones. An item
// is one element of the parameter.
#include "shared/optimizer.clh"

KERNEL(optimizer_step) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const float numbers[4] = {schedule[0], schedule[1], schedule[2], schedule[3]};
  float x = parameter[i], m = mean[i], v = 0.0f;
  if (ADAPTIVE) v = square[i];
  optimizer_move(&p, ADAPTIVE, numbers, gradient[i] * factor[0], &x, &m, &v);
  new_parameter[i] = x;
  new_mean[i] = m;
  if (ADAPTIVE) new_square[i] = v;
}
