#pragma once

/// Whether allocations can be counted: not on other C libraries, not under a sanitizer.
int glint_allocations_counted(void);

/// Allocations made by the calling thread so far.
long glint_allocations(void);

/// Allocations made by all threads so far.
long glint_allocations_of_all_threads(void);

/// Whether the program is built with the address or the thread sanitizer.
int glint_sanitized(void);
