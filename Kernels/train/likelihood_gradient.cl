// The gradient of emitters' log-likelihoods: a work-group takes a frame.
// Defines: ITEMS, 16 or 1, see shared/lanes16.clh.
#include "shared/emitter_likelihood.clh"

GROUP_KERNEL(likelihood_gradient, ITEMS, 1, 1) {
  const int frame = get_group_id(0);
  if (frame >= items) return;
  likelihood_gradient_of_frame(p, frame, results, photons, place, likelihood, given, out,
                               space + (size_t)frame * glint_likelihood_gradient_space(p));
}
