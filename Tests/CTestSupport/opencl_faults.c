#include "include/opencl_faults.h"

#include <stdatomic.h>
#include <string.h>

static glint_opencl real;
static const char *armed_name;
static _Atomic long remaining, live;
static cl_int armed_code;
static size_t work_group_limit;

/// The code with which this call is to fail, or CL_SUCCESS.
static cl_int fault(const char *name) {
  if (armed_name && strcmp(armed_name, name)) return CL_SUCCESS;
  if (atomic_load(&remaining) <= 0) return CL_SUCCESS;
  return atomic_fetch_sub(&remaining, 1) == 1 ? armed_code : CL_SUCCESS;
}

static void *made(void *object) {
  if (object) live++;
  return object;
}

#define MAKE(name, type, parameters, ...)         \
  static type CL_API_CALL f##name parameters {    \
    const cl_int code = fault(#name);             \
    if (!code) return made(real.name(__VA_ARGS__)); \
    *status = code;                               \
    return 0;                                     \
  }
#define DO(name, parameters, ...)                       \
  static cl_int CL_API_CALL f##name parameters {        \
    const cl_int code = fault(#name);                   \
    return code ? code : real.name(__VA_ARGS__);        \
  }
#define RELEASE(name, type)                       \
  static cl_int CL_API_CALL f##name(type object) { \
    live--;                                       \
    return real.name(object);                     \
  }

MAKE(CreateContext, cl_context,
     (const cl_context_properties *p, cl_uint n, const cl_device_id *d,
      void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *u,
      cl_int *status),
     p, n, d, notify, u, status)
MAKE(CreateCommandQueue, cl_command_queue,
     (cl_context c, cl_device_id d, cl_command_queue_properties p, cl_int *status), c, d, p, status)
MAKE(CreateBuffer, cl_mem, (cl_context c, cl_mem_flags f, size_t n, void *h, cl_int *status), c, f,
     n, h, status)
MAKE(CreateSubBuffer, cl_mem,
     (cl_mem m, cl_mem_flags f, cl_buffer_create_type t, const void *i, cl_int *status), m, f, t, i,
     status)
MAKE(CreateProgramWithSource, cl_program,
     (cl_context c, cl_uint n, const char **s, const size_t *l, cl_int *status), c, n, s, l, status)
MAKE(CreateProgramWithBinary, cl_program,
     (cl_context c, cl_uint n, const cl_device_id *d, const size_t *l, const unsigned char **b,
      cl_int *each, cl_int *status),
     c, n, d, l, b, each, status)
MAKE(CreateKernel, cl_kernel, (cl_program p, const char *n, cl_int *status), p, n, status)
RELEASE(ReleaseContext, cl_context)
RELEASE(ReleaseCommandQueue, cl_command_queue)
RELEASE(ReleaseMemObject, cl_mem)
RELEASE(ReleaseProgram, cl_program)
RELEASE(ReleaseKernel, cl_kernel)
RELEASE(ReleaseEvent, cl_event)
DO(BuildProgram,
   (cl_program p, cl_uint n, const cl_device_id *d, const char *o,
    void(CL_CALLBACK *notify)(cl_program, void *), void *u),
   p, n, d, o, notify, u)
DO(SetKernelArg, (cl_kernel k, cl_uint i, size_t n, const void *v), k, i, n, v)
DO(EnqueueWriteBuffer,
   (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t n, const void *p, cl_uint w,
    const cl_event *l, cl_event *e),
   q, m, b, o, n, p, w, l, e)
DO(EnqueueReadBuffer,
   (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t n, void *p, cl_uint w,
    const cl_event *l, cl_event *e),
   q, m, b, o, n, p, w, l, e)
DO(EnqueueFillBuffer,
   (cl_command_queue q, cl_mem m, const void *p, size_t s, size_t o, size_t n, cl_uint w,
    const cl_event *l, cl_event *e),
   q, m, p, s, o, n, w, l, e)
DO(Flush, (cl_command_queue q), q)
DO(Finish, (cl_command_queue q), q)

static cl_int CL_API_CALL fEnqueueNDRangeKernel(cl_command_queue q, cl_kernel k, cl_uint n,
                                                const size_t *o, const size_t *g, const size_t *l,
                                                cl_uint w, const cl_event *e, cl_event *event) {
  const cl_int code = fault("EnqueueNDRangeKernel");
  if (code) return code;
  const cl_int status = real.EnqueueNDRangeKernel(q, k, n, o, g, l, w, e, event);
  if (!status && event) live++;
  return status;
}

static cl_int CL_API_CALL fGetKernelWorkGroupInfo(cl_kernel k, cl_device_id d,
                                                  cl_kernel_work_group_info i, size_t n, void *v,
                                                  size_t *s) {
  const cl_int code = fault("GetKernelWorkGroupInfo");
  if (code) return code;
  const cl_int status = real.GetKernelWorkGroupInfo(k, d, i, n, v, s);
  if (!status && i == CL_KERNEL_WORK_GROUP_SIZE && work_group_limit) *(size_t *)v = work_group_limit;
  return status;
}

glint_opencl glint_faults_before(const glint_opencl *calls) {
  real = *calls;
  glint_opencl result = *calls;
#define USE(name) result.name = f##name;
  USE(CreateContext) USE(CreateCommandQueue) USE(CreateBuffer) USE(CreateSubBuffer)
  USE(CreateProgramWithSource) USE(CreateProgramWithBinary) USE(CreateKernel) USE(ReleaseContext)
  USE(ReleaseCommandQueue) USE(ReleaseMemObject) USE(ReleaseProgram) USE(ReleaseKernel)
  USE(ReleaseEvent) USE(BuildProgram) USE(SetKernelArg) USE(EnqueueWriteBuffer)
  USE(EnqueueReadBuffer) USE(EnqueueFillBuffer) USE(Flush) USE(Finish) USE(EnqueueNDRangeKernel)
  USE(GetKernelWorkGroupInfo)
  return result;
}

void glint_faults_arm(const char *name, long nth, cl_int code) {
  armed_name = name;
  armed_code = code;
  remaining = nth;
}

int glint_faults_struck(void) { return remaining == 0; }
long glint_faults_live(void) { return live; }
void glint_faults_limit_work_group(size_t limit) { work_group_limit = limit; }
