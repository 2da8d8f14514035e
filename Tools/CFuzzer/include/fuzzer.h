#ifndef GLINT_FUZZER_H
#define GLINT_FUZZER_H

#include <stddef.h>

/// Counts the bytes on the heap from now on.
void glint_count_memory(void);

/// Ends the process with a message if the heap grows by more than `bytes` from now on. 0 for no limit.
void glint_limit_memory(size_t bytes);

#endif
