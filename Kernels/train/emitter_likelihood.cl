// The log-likelihood of emitters under a network's results: a work-group takes a frame.
// Defines: ITEMS, 16 or 1, see shared/lanes16.clh.
#include "shared/emitter_likelihood.clh"

GROUP_KERNEL(emitter_likelihood, ITEMS, 1, 1) {
  const int frame = get_group_id(0);
  if (frame >= items) return;
  likelihoods_of_frame(p, frame, results, photons, place, likelihood, space + (size_t)frame * glint_likelihood_space(p));
}
