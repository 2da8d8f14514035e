#define _GNU_SOURCE
#include "include/copencl.h"

#include <dlfcn.h>

const char *glint_opencl_load(const char *path, glint_opencl *calls) {
  // Entry points that are in the process already come from a tool that was put before the program on
  // purpose (Oclgrind, a tracing layer): those are the ones to use.
  void *library = dlsym(RTLD_DEFAULT, "clGetPlatformIDs") ? RTLD_DEFAULT : dlopen(path, RTLD_NOW);
  if (library != RTLD_DEFAULT && !library) return dlerror();
#define CALL(name)                                     \
  *(void **)&calls->name = dlsym(library, "cl" #name); \
  if (!calls->name) return "cl" #name " is missing from the OpenCL loader";
  GLINT_OPENCL_CALLS(CALL)
#undef CALL
  return 0;
}
