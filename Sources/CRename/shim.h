#pragma once
#include <errno.h>
#include <stdio.h>

// Linux renames with flags, which the C library declares only on request: 1 keeps a file that has the new name,
// 2 exchanges both names. Elsewhere, and where a file system knows no flags, errno is EINVAL.
#ifdef __linux__
int renameat2(int old_folder, const char *old_name, int new_folder, const char *new_name, unsigned flags);
#endif

static inline int glint_rename(int folder, const char *old_name, const char *new_name, unsigned flags) {
#ifdef __linux__
  return renameat2(folder, old_name, folder, new_name, flags);
#else
  (void)folder, (void)old_name, (void)new_name, (void)flags;
  errno = EINVAL;
  return -1;
#endif
}
