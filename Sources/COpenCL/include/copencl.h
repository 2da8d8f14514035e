#pragma once
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

// The OpenCL 1.2 entry points that Glint calls. Their types come from the system's headers; their
// addresses from the ICD loader, looked up when a device is first asked for, so that a machine
// without OpenCL starts all the same and computes on the CPU.
#define GLINT_OPENCL_CALLS(CALL)  \
  CALL(GetPlatformIDs)            \
  CALL(GetPlatformInfo)           \
  CALL(GetDeviceIDs)              \
  CALL(GetDeviceInfo)             \
  CALL(CreateContext)             \
  CALL(ReleaseContext)            \
  CALL(CreateCommandQueue)        \
  CALL(ReleaseCommandQueue)       \
  CALL(CreateBuffer)              \
  CALL(CreateSubBuffer)           \
  CALL(ReleaseMemObject)          \
  CALL(CreateProgramWithSource)   \
  CALL(CreateProgramWithBinary)   \
  CALL(BuildProgram)              \
  CALL(GetProgramInfo)            \
  CALL(GetProgramBuildInfo)       \
  CALL(ReleaseProgram)            \
  CALL(CreateKernel)              \
  CALL(SetKernelArg)              \
  CALL(ReleaseKernel)             \
  CALL(GetKernelWorkGroupInfo)    \
  CALL(EnqueueNDRangeKernel)      \
  CALL(EnqueueWriteBuffer)        \
  CALL(EnqueueReadBuffer)         \
  CALL(EnqueueFillBuffer)         \
  CALL(WaitForEvents)             \
  CALL(GetEventProfilingInfo)     \
  CALL(ReleaseEvent)              \
  CALL(Flush)                     \
  CALL(Finish)

typedef struct {
#define CALL(name) __typeof__(&cl##name) name;
  GLINT_OPENCL_CALLS(CALL)
#undef CALL
} glint_opencl;

/// Loads the ICD loader at `path` ("libOpenCL.so.1" for the system's) and fills `calls`.
/// Returns NULL when all entry points are there, else what is missing in the loader's words.
const char *glint_opencl_load(const char *path, glint_opencl *calls);

/// How an attempt to load the drivers in a child process went.
typedef enum {
  glint_probe_done,    // all are loaded, and their devices listed
  glint_probe_ended,   // a driver ended the child; `code` is the exit status
  glint_probe_killed,  // a signal did; `code` is its number
  glint_probe_hung,    // the child took too long
  glint_probe_unable,  // nothing is known: a tool's entry points are used, or no child could start
} glint_probe_outcome;

/// The longest line of a report.
#define GLINT_PROBE_LINE 2200

typedef struct {
  glint_probe_outcome outcome;
  int code;
  /// What the child did last: "load" or "list", the library, and the .icd file that names it, with a tab
  /// between.
  char last[GLINT_PROBE_LINE];
} glint_probe;

/// Loads the ICD loader at `loader` and all drivers, and lists their devices, in a child process that gets
/// at most `seconds`. This process loads nothing.
glint_probe glint_opencl_probe(const char *loader, double seconds);
