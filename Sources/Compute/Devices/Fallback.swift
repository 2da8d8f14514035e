/// The device that plans run on: the requested one until it fails, then a spare.
///
/// A plan moves as a whole, never op by op. The move is reported once, with its reason. Used by one
/// thread at a time.
/// ```swift
/// let fallback = Fallback(from: device) { print($0, to: &standardError) }
/// let image = try fallback.perform { try renderer.render(table, on: $0) }
/// ```
package final class Fallback {
  /// The current device.
  package private(set) var device: any Device
  private let spare: any Device
  private let report: (String) -> Void

  /// - Parameters:
  ///   - device: the device to start with.
  ///   - spare: the device that takes over; default the CPU.
  ///   - report: called at the move with one line of text without a line end.
  package init(
    from device: any Device, to spare: any Device = CPUDevice(), report: @escaping (String) -> Void
  ) {
    self.device = device
    self.spare = spare
    self.report = report
  }

  /// Moves from `failed` to the spare. Work in progress on `failed` must be repeated. If several
  /// workers fail together, only the first reports.
  ///
  /// Throws `error` itself if another device would not help: `failed` is a CPU, or the caller named
  /// an input or output that does not exist.
  package func leave(_ failed: DeviceInfo, after error: any Error) throws {
    let isDevices = error is PlanError || (error as? DeviceError).map { !$0.isCallers } ?? false
    guard isDevices, failed.kind != .cpu else { throw error }
    guard failed == device.info else { return }
    device = spare
    let reason = "\(error)".prefix { $0 != "\n" }
    report("computing on \(spare.info.name) instead of \(failed.name): \(reason)")
  }

  /// Does `work` with the device; if that fails, repeats it from the start with the spare.
  package func perform<Result>(_ work: (any Device) throws -> Result) throws -> Result {
    do {
      return try work(device)
    } catch {
      try leave(device.info, after: error)
      return try work(device)
    }
  }
}
