/// A graph that runs on the device asked for, or, where that cannot be, on the CPU.
///
/// Whole plans fall back, never single ops. Each fall is reported in one line that says why. Used by
/// one thread at a time, as an executable is.
/// ```swift
/// let computation = try Computation(graph, on: device) { print($0, to: &standardError) }
/// let photons = try computation.perform { executable in
///   try executable.write("frames", pixels)
///   try executable.run()
///   return try executable.read("photons")
/// }
/// ```
public final class Computation: @unchecked Sendable {
  /// What the graph runs on now.
  public private(set) var executable: any Executable
  private let graph: Graph
  private let spare: any Device
  private let profiling: Bool
  private let report: @Sendable (String) -> Void

  /// Plans and compiles `graph` for `device`, else for `spare`.
  ///
  /// - Parameters:
  ///   - spare: the device that takes over; the CPU.
  ///   - report: gets a line without a line end when it does.
  /// - Throws: what `spare` cannot do either, or `device` where it is a CPU itself.
  public init(
    _ graph: Graph, on device: any Device, spare: any Device = CPUDevice(),
    profiling: Bool = false, report: @escaping @Sendable (String) -> Void
  ) throws {
    self.graph = graph
    self.spare = spare
    self.profiling = profiling
    self.report = report
    do {
      executable = try Self.compile(graph, device, profiling)
    } catch {
      try Self.explain(error, device.info, spare.info, report)
      executable = try Self.compile(graph, spare, profiling)
    }
  }

  /// Replaces a failed executable by one on the spare device; whatever was written to the old one
  /// must be written again.
  ///
  /// - Throws: `error` itself where another device would not help: the spare already failed, or the
  ///   caller named a port that is not there.
  public func fallBack(after error: any Error) throws {
    try Self.explain(error, executable.plan.device, spare.info, report)
    executable = try Self.compile(graph, spare, profiling)
  }

  /// Does `work` with the executable; where the device fails, once more from the start on the spare.
  public func perform<Result>(_ work: (any Executable) throws -> Result) throws -> Result {
    do {
      return try work(executable)
    } catch {
      try fallBack(after: error)
      return try work(executable)
    }
  }

  private static func compile(
    _ graph: Graph, _ device: any Device, _ profiling: Bool
  ) throws -> any Executable {
    try device.compile(Plan(graph, for: device.info), profiling: profiling)
  }

  private static func explain(
    _ error: any Error, _ device: DeviceInfo, _ spare: DeviceInfo, _ report: (String) -> Void
  ) throws {
    let devices = error is PlanError || (error as? DeviceError).map { !$0.isCallers } ?? false
    guard devices, device.kind != .cpu else { throw error }
    let reason = "\(error)".prefix { $0 != "\n" }
    report("computing on \(spare.name) instead of \(device.name): \(reason)")
  }
}
