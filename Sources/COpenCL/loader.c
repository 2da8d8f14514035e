#include "include/copencl.h"

#include <dlfcn.h>

const char *glint_opencl_load(const char *path, glint_opencl *calls) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
#define CALL(name)                                   \
  *(void **)&calls->name = dlsym(library, "cl" #name); \
  if (!calls->name) return "cl" #name " is missing from the OpenCL loader";
  GLINT_OPENCL_CALLS(CALL)
#undef CALL
  return 0;
}
