#pragma once
#include <copencl.h>

/// Puts counting entry points in front of `real`, which stay able to fail on demand. One set per
/// process: tests that use it run one after the other.
glint_opencl glint_faults_before(const glint_opencl *real);

/// Lets the `nth` call from now on (1 for the next) return `code`; only calls of `name` ("CreateBuffer")
/// count where it is not NULL. 0 lets none fail.
void glint_faults_arm(const char *name, long nth, cl_int code);

/// Whether the armed fault has struck.
int glint_faults_struck(void);

/// Objects made and not yet released.
long glint_faults_live(void);

/// The largest work-group that kernels report; 0 for the driver's word.
void glint_faults_limit_work_group(size_t limit);
