// Cosines and sines of the multiples of a turn's n-th part; an item is a pair.
#include "shared/fourier.clh"

KERNEL(fourier_turns) {
  const int i = get_global_id(0);
  if (i >= items) return;
  float cosine, sine;
  fourier_turn(i, p.length, &cosine, &sine);
  turns[2 * i] = cosine;
  turns[2 * i + 1] = sine;
}
