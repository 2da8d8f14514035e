// Cosines and sines of multiples of 2 pi / n; an item is a pair.
#include "shared/fourier.clh"

KERNEL(fourier_turns) {
  const int i = get_global_id(0);
  if (i >= items) return;
  float cosine, sine;
  fourier_turn(i, p.length, &cosine, &sine);
  turns[2 * i] = cosine;
  turns[2 * i + 1] = sine;
}
