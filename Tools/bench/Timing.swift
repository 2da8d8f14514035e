import Dispatch

/// The duration of `work`, seconds: after one warm-up, the median, minimum and maximum of `runs`.
func time(_ runs: Int, _ work: () throws -> Void) rethrows -> (
  median: Double, least: Double, most: Double
) {
  try work()
  let seconds = try (0..<max(runs, 1)).map { _ in
    let start = DispatchTime.now().uptimeNanoseconds
    try work()
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }.sorted()
  return (seconds[seconds.count / 2], seconds[0], seconds[seconds.count - 1])
}
