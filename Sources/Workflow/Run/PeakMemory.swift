import Foundation

/// The largest resident memory of this process so far, bytes; 0 where the system does not tell.
public func peakResidentBytes() -> Int {
  var usage = rusage()
  #if os(Linux)
    guard getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
  #else
    guard getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
    return usage.ru_maxrss
  #endif
}
