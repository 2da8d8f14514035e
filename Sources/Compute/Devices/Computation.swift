/// One graph that runs on the device asked for, or, where that cannot be, on the CPU.
///
/// A `Fallback` with the executable that belongs to it. Used by one thread at a time, as an
/// executable is.
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
  private let fallback: Fallback
  private let profiling: Bool

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
    self.profiling = profiling
    fallback = Fallback(from: device, to: spare, report: report)
    executable = try fallback.perform {
      try $0.compile(Plan(graph, for: $0.info), profiling: profiling)
    }
  }

  /// Replaces a failed executable by one on the spare device; whatever was written to the old one
  /// must be written again.
  ///
  /// - Throws: `error` itself where another device would not help: the spare already failed, or the
  ///   caller named a port that is not there.
  public func fallBack(after error: any Error) throws {
    try fallback.leave(executable.plan.device, after: error)
    executable = try fallback.device.compile(
      Plan(graph, for: fallback.device.info), profiling: profiling)
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
}
