import Foundation

/// The system's steady clock, for timings in steady state: Dispatch's would allocate.
package enum SteadyClock {
  /// Seconds since some moment of the past.
  package static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
