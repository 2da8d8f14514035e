// Softmax over the channels of a pixel: an item is a pixel.
#include "shared/activations.clh"

KERNEL(softmax) {
  const int i = get_global_id(0);
  if (i >= items) return;
  in += i * p.channels;
  out += i * p.channels;
  float most = in[0], sum = 0.0f;
  for (int c = 1; c < p.channels; c++) most = in[c] > most ? in[c] : most;
  for (int c = 0; c < p.channels; c++) {
    out[c] = exp_real(in[c] - most);
    sum += out[c];
  }
  for (int c = 0; c < p.channels; c++) out[c] = out[c] / sum;
}
