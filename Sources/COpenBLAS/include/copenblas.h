#pragma once

// What Glint calls of OpenBLAS, looked up when a convolution first wants it: the library makes its
// threads when it is loaded, and a machine without it computes with Glint's own kernels.

/// Loads the library at `path` ("libopenblas.so.0" for the system's) and has it compute on the thread
/// that calls, since Glint's own threads share the work.
/// Returns NULL when it can be used, else what is missing, in the loader's words.
const char *glint_openblas_load(const char *path);

/// c = a b by the library that was loaded last: a [rows, depth], b [depth, columns], rows of each
/// matrix apart by its step. Threads may call it at the same time.
void glint_openblas_product(const float *a, int a_step, const float *b, int b_step, float *c,
                            int c_step, int rows, int columns, int depth);
