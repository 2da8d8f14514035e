// Of two fits of every spot the one of greater likelihood, a work-item per spot.
#include "shared/better.clh"

kernel void better_fit(const glint_better_params p, global const int *total,
                       global const float *theta_a, global const int *iterations_a,
                       global const int *state_a, global const float *bound_a,
                       global const float *deviance_a, global const float *chi_square_a,
                       global const float *theta_b, global const int *iterations_b,
                       global const int *state_b, global const float *bound_b,
                       global const float *deviance_b, global const float *chi_square_b,
                       global float *theta, global int *iterations, global int *state,
                       global float *bound, global float *deviance, global float *chi_square,
                       const int items) {
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
