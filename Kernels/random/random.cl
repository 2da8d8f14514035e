// Random numbers that depend only on position, key and step; an item is a number.
#include "shared/random.clh"

KERNEL(random) {
  const int i = get_global_id(0);
  if (i >= items) return;
  const random_source source = {(uint)i, as_uint(clock[0]), as_uint(clock[1]), as_uint(clock[2]),
                                p.stream};
  out[i] = random_number(KIND, &source, HAS_PARAMETER ? parameter[i] : 0.0f);
}
