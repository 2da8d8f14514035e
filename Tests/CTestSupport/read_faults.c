#define _GNU_SOURCE
#include "include/read_faults.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// The program's own pread, in front of the C library's: like a disk with bad sectors it reads up to the
// first of them, and fails there.
static _Thread_local long long bad_from = -1, bad_to = -1;

void glint_fail_reads(long long from, long long to) {
  bad_from = from;
  bad_to = to;
}

#if defined(__linux__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
int glint_reads_can_fail(void) { return 1; }

ssize_t pread(int descriptor, void *buffer, size_t count, off_t offset) {
  if (bad_from >= 0 && offset < bad_to && offset + (long long)count > bad_from) {
    if (offset >= bad_from) {
      errno = EIO;
      return -1;
    }
    count = bad_from - offset;
  }
  return syscall(SYS_pread64, descriptor, buffer, count, offset);
}
#else
int glint_reads_can_fail(void) { return 0; }
#endif
