import Reporting

/// The properties that a device reports.
public struct DeviceInfo: Hashable, Codable, Sendable {
  public enum Kind: String, Codable, Sendable {
    case cpu = "CPU"
    case openCLGPU = "OpenCL GPU"
    case openCLCPU = "OpenCL CPU"
    case openCLOther = "OpenCL accelerator"
  }

  /// The name that selects it: "cpu", "cpu:avx2", "opencl:0".
  public var name: String
  public var kind: Kind
  /// The maker's name for the hardware.
  public var hardware: String
  /// Driver and version.
  public var driver: String
  /// Cores, or compute units.
  public var units: Int
  /// Memory that a plan may use in total, and in one allocation, bytes.
  public var memory: Int
  public var maxAllocation: Int
  /// Preferred vector width, floats.
  public var preferredWidth: Int
  /// Whether it computes in half precision.
  public var half: Bool
  /// Alignment of parts of an allocation, bytes.
  public var alignment: Int
  /// Bytes of local memory per work-group; 0 on the CPU.
  public var localMemory: Int
  /// Largest work-group.
  public var maxWorkGroup: Int

  /// The form used in reports and files.
  package var title: String { "\(name): \(hardware), \(driver)" }
}

/// A machine that compiles plans into executables.
public protocol Device: Sendable {
  var info: DeviceInfo { get }

  /// Prepares a plan that was made for this device: memory, constants, compiled kernels.
  ///
  /// Constants that the device already holds in the layout that the plan needs are shared.
  /// Parameters of the plan that are state lie in `store`.
  /// Throws `DeviceError`, or `ParameterError` if `store` lacks the plan's state.
  func compile(
    _ plan: Plan, store: (any ParameterStore)?, profiling: Bool
  ) throws -> any Executable

  /// Copies parameters into the device's memory, for plans that use them as state.
  func store(_ values: ParameterValues) throws -> any ParameterStore

  /// Bytes of the constants currently held, each counted once; see `Plan.heldBytes`.
  var heldBytes: Int { get }
}

extension Device {
  public func compile(
    _ plan: Plan, store: (any ParameterStore)? = nil
  ) throws -> any Executable {
    try compile(plan, store: store, profiling: false)
  }

  public func compile(_ plan: Plan, profiling: Bool) throws -> any Executable {
    try compile(plan, store: nil, profiling: profiling)
  }
}

/// A compiled plan: it owns one arena and its launches, and shares constants with others.
///
/// Two executables are independent, so use two for double buffering; only executables with the same
/// `ParameterStore` see each other's updates. One executable is used by one thread at a time.
/// After the first run, runs allocate nothing.
public protocol Executable: AnyObject {
  var plan: Plan { get }

  /// Copies `bytes` into the start of the input and leaves the rest unchanged; throws if there are
  /// more bytes than the input has.
  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws

  /// Starts the launches in order. `run` does not wait for them; `read` does.
  func run() throws

  /// The same, but stops early on request: throws `Interrupted`, and the results are not defined.
  func run(until stop: Cancellation) throws

  /// Waits, then copies the first `bytes.count` bytes of the output; throws if it has fewer.
  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws

  /// Time spent in each launch since the executable was made, in launch order; waits for launches
  /// that have not finished. On OpenCL, available only if compiled with `profiling`.
  var timings: [LaunchTiming] { get }

  /// Fills the whole arena with `image` and reads it back, for tests that place sentinels.
  /// Constants and stored parameters are not in the arena.
  func overwrite(_ image: [UInt8]) throws
  func snapshot() throws -> [UInt8]
}

extension Executable {
  public func write<Element: BitwiseCopyable>(_ input: String, _ values: [Element]) throws {
    try values.withUnsafeBytes { try write(input, $0) }
  }

  /// Looks at the request only before the first launch.
  public func run(until stop: Cancellation) throws {
    try stop.check()
    try run()
  }

  /// The whole output.
  public func read(_ output: String) throws -> Tensor {
    let type = try plan.outputType(output)
    var bytes = [UInt8](repeating: 0, count: type.bytes)
    try bytes.withUnsafeMutableBytes { try read(output, into: $0) }
    return Tensor(type, bytes: bytes)
  }
}

/// Time of one launch, totalled over the runs of an executable.
public struct LaunchTiming: Hashable, Codable, Sendable {
  /// Op and kernel, for example "calibrate/calibrate_u16".
  public var label: String
  public var seconds: Double
  public var runs: Int
}
