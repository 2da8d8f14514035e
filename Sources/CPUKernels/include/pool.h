#pragma once
#include "cpu_kernels.h"

/// Threads that share the items of each launch. Written in C because a launch must not allocate, which a
/// Swift closure passed to Dispatch would do.
typedef struct glint_pool glint_pool;

/// A pool of `threads` workers including the calling thread; NULL if threads cannot be started.
glint_pool *glint_pool_create(int threads);
void glint_pool_destroy(glint_pool *pool);

/// Runs `kernel` over [0, items), `grain` items at a time, and returns when all are done. Worker w
/// uses the scratch at `scratch + w * stride`. One thread at a time may call this.
void glint_pool_run(glint_pool *pool, glint_cpu_function kernel, const void *params,
                    void *const *buffers, int64_t items, int64_t grain, void *scratch,
                    int64_t stride);
