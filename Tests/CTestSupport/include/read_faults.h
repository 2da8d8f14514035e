#pragma once

/// Whether reads can be made to fail: not under a sanitizer, which has its own pread.
int glint_reads_can_fail(void);

/// From now on pread fails with EIO in bytes `from` up to `to` of every file, on the calling thread;
/// `from` < 0 ends that.
void glint_fail_reads(long long from, long long to);
