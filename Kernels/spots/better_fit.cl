// The more likely of two fits of every spot, a work-item per spot.
#include "shared/better.clh"

KERNEL(better_fit) {
  const int row = get_global_id(0);
  if (row >= min(min(total[0], p.capacity), items)) return;
  const int second = better_second(state_a[row], deviance_a[row], state_b[row], deviance_b[row]);
  const size_t n = GLINT_SPOT_PARAMETERS;
  for (size_t i = row * n; i < (row + 1) * n; i++) theta[i] = second ? theta_b[i] : theta_a[i];
  for (size_t i = row * 2 * n; i < (row + 1) * 2 * n; i++)
    bound[i] = second ? bound_b[i] : bound_a[i];
  iterations[row] = second ? iterations_b[row] : iterations_a[row];
  state[row] = second ? state_b[row] : state_a[row];
  deviance[row] = second ? deviance_b[row] : deviance_a[row];
  chi_square[row] = second ? chi_square_b[row] : chi_square_a[row];
}
