/// What a device is, as it says itself.
public struct DeviceInfo: Hashable, Codable, Sendable {
  public enum Kind: String, Codable, Sendable {
    case cpu = "CPU"
    case openCLGPU = "OpenCL GPU"
    case openCLCPU = "OpenCL CPU"
    case openCLOther = "OpenCL accelerator"
  }

  /// The name by which it is asked for: "cpu", "cpu:avx2", "opencl:0".
  public var name: String
  public var kind: Kind
  /// The hardware in its maker's words.
  public var hardware: String
  /// Driver and version.
  public var driver: String
  /// Cores, or compute units.
  public var units: Int
  /// Bytes that a plan may use in all, and in one allocation.
  public var memory: Int
  public var maxAllocation: Int
  /// Floats in the vector that it prefers.
  public var preferredWidth: Int
  /// Whether it computes in half precision.
  public var half: Bool
  /// Alignment that parts of an allocation need, bytes.
  public var alignment: Int
  /// Bytes of local memory per work-group; 0 on the CPU.
  public var localMemory: Int
  /// Largest work-group.
  public var maxWorkGroup: Int

  /// As reports and files name it.
  package var title: String { "\(name): \(hardware), \(driver)" }
}

/// A machine that compiles plans into executables.
public protocol Device: Sendable {
  var info: DeviceInfo { get }

  /// Readies a plan made for this device: memory, constants, compiled kernels.
  ///
  /// Constants that the device holds already, in the form that the plan wants, are not made again.
  /// Parameters of the plan that are state are those of `store`.
  /// Throws `DeviceError`, and `ParameterError` where `store` has not the plan's state.
  func compile(
    _ plan: Plan, store: (any ParameterStore)?, profiling: Bool
  ) throws -> any Executable

  /// Puts parameters into the device's memory, for plans in which they are state.
  func store(_ values: ParameterValues) throws -> any ParameterStore

  /// Bytes of the constants that it holds now, each once for all executables; see `Plan.heldBytes`.
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

/// A plan that can run: it owns one arena and its launches, and shares constants with others.
///
/// Two executables are independent, so double buffering is owning two; only those with one
/// `ParameterStore` see each other's updates. One executable is used by one thread at a time. Steady state
/// allocates nothing.
public protocol Executable: AnyObject {
  var plan: Plan { get }

  /// Copies `bytes` into the input; fewer bytes than it has leave the rest as it was, more are an
  /// error.
  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws

  /// Starts the launches in order. Only `read` waits for them.
  func run() throws

  /// Waits and copies the first `bytes.count` bytes of the output; more than it has are an error.
  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws

  /// Time spent in each launch since the executable was made, in launch order; waits for those that
  /// have not ended. An OpenCL executable knows them only if it was compiled with `profiling`.
  var timings: [LaunchTiming] { get }

  /// Fills the whole arena with `image`, and reads it back: for tests that plant sentinels. Constants and
  /// parameters in a store are not in the arena.
  func overwrite(_ image: [UInt8]) throws
  func snapshot() throws -> [UInt8]
}

extension Executable {
  public func write<Element: BitwiseCopyable>(_ input: String, _ values: [Element]) throws {
    try values.withUnsafeBytes { try write(input, $0) }
  }

  /// The whole output as a tensor.
  public func read(_ output: String) throws -> Tensor {
    let type = try plan.outputType(output)
    var bytes = [UInt8](repeating: 0, count: type.bytes)
    try bytes.withUnsafeMutableBytes { try read(output, into: $0) }
    return Tensor(type, bytes: bytes)
  }
}

/// Time of one launch, summed over the runs of an executable.
public struct LaunchTiming: Hashable, Codable, Sendable {
  /// Op and kernel, for example "calibrate/calibrate_u16".
  public var label: String
  public var seconds: Double
  public var runs: Int
}
