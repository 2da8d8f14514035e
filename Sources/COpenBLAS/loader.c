#define _GNU_SOURCE
#include "include/copenblas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <sched.h>
#include <stddef.h>

static __typeof__(&cblas_sgemm) sgemm;

/// Loads the library. OpenBLAS starts a thread for each core that it may use, and interrupts the whole
/// program (SIGINT) if one cannot start. Glint needs none of them, so only one core is allowed meanwhile.
static void *load(const char *path) {
  cpu_set_t all, one;
  CPU_ZERO(&one);
  int limited = 0;
  if (!sched_getaffinity(0, sizeof all, &all)) {
    for (int core = 0; core < CPU_SETSIZE && !CPU_COUNT(&one); core++)
      if (CPU_ISSET(core, &all)) CPU_SET(core, &one);
    limited = !sched_setaffinity(0, sizeof one, &one);
  }
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (limited) sched_setaffinity(0, sizeof all, &all);
  return library;
}

const char *glint_openblas_load(const char *path) {
  void *library = load(path);
  if (!library) return dlerror();
  __typeof__(&cblas_sgemm) product;
  __typeof__(&openblas_set_num_threads) set_threads;
  *(void **)&product = dlsym(library, "cblas_sgemm");
  *(void **)&set_threads = dlsym(library, "openblas_set_num_threads");
  if (!product) return "cblas_sgemm is missing from the library";
  if (!set_threads) return "openblas_set_num_threads is missing from the library";
  set_threads(1);
  sgemm = product;
  return NULL;
}

void glint_openblas_product(const float *a, int a_step, const float *b, int b_step, float *c,
                            int c_step, int rows, int columns, int depth) {
  sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, depth, 1.0f, a, a_step, b, b_step,
        0.0f, c, c_step);
}
