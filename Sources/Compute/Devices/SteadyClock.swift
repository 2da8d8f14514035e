import Foundation

/// The system's monotonic clock, for timings inside runs, where Dispatch's clock would allocate.
package enum SteadyClock {
  /// Seconds since an arbitrary moment.
  package static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
