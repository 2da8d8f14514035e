#pragma once
#include "cpu_kernels.h"

/// Threads that share the items of each launch. Written in C because a launch must not allocate, which a
/// Swift closure passed to Dispatch would do.
typedef struct glint_pool glint_pool;

/// A pool of up to `threads` workers including the calling thread: fewer if the system cannot start more.
/// NULL if there is no memory.
glint_pool *glint_pool_create(int threads);
void glint_pool_destroy(glint_pool *pool);

/// Whether the work is to end early; called by every thread before each of its shares.
typedef int (*glint_pool_stop)(const void *context);

/// Runs `kernel` over [0, items), `grain` items at a time, and returns when all are done, or early when
/// `stop`, which may be NULL, says so. Worker w uses the scratch at `scratch + w * stride`. One thread at a
/// time may call this.
void glint_pool_run(glint_pool *pool, glint_cpu_function kernel, const void *params,
                    void *const *buffers, int64_t items, int64_t grain, void *scratch,
                    int64_t stride, glint_pool_stop stop, const void *context);
