/// The device that whole plans run on: the one asked for until it fails, from then on a spare.
///
/// Plans move as a whole, never single ops. The move is told once, in one line that says why. Used by
/// one thread at a time.
/// ```swift
/// let fallback = Fallback(from: device) { print($0, to: &standardError) }
/// let image = try fallback.perform { try renderer.render(table, on: $0) }
/// ```
public final class Fallback {
  /// What plans run on now.
  public private(set) var device: any Device
  private let spare: any Device
  private let report: (String) -> Void

  /// - Parameters:
  ///   - spare: the device that takes over; the CPU.
  ///   - report: gets a line without a line end when it does.
  public init(
    from device: any Device, to spare: any Device = CPUDevice(), report: @escaping (String) -> Void
  ) {
    self.device = device
    self.spare = spare
    self.report = report
  }

  /// Leaves `failed` for the spare. Work in flight on it has to be done again; of several that fail
  /// together, the first reports.
  ///
  /// Throws `error` itself where another device would not help: `failed` is a CPU, or the caller named
  /// a port that is not there.
  public func leave(_ failed: DeviceInfo, after error: any Error) throws {
    let isDevices = error is PlanError || (error as? DeviceError).map { !$0.isCallers } ?? false
    guard isDevices, failed.kind != .cpu else { throw error }
    guard failed == device.info else { return }
    device = spare
    let reason = "\(error)".prefix { $0 != "\n" }
    report("computing on \(spare.info.name) instead of \(failed.name): \(reason)")
  }

  /// Does `work` with the device; where that fails, once more from the start with the spare.
  public func perform<Result>(_ work: (any Device) throws -> Result) throws -> Result {
    do {
      return try work(device)
    } catch {
      try leave(device.info, after: error)
      return try work(device)
    }
  }
}
