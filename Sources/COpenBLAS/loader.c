#include "include/copenblas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <stddef.h>

static __typeof__(&cblas_sgemm) sgemm;

const char *glint_openblas_load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
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
