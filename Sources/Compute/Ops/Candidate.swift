import CPUKernels

/// One way to do an op on one kind of machine.
///
/// `lower` either gives the launches that do the op at a site, or says why it declines the site.
public struct Candidate<Launch: Sendable>: Sendable {
  public let name: String
  /// How many times the error of plain summation this way of computing may have; see
  /// `Tolerance.magnitude`.
  public let error: Double
  let lower: @Sendable (Site) -> Lowering<Launch>

  public init(
    _ name: String, error: Double = 1, lower: @escaping @Sendable (Site) -> Lowering<Launch>
  ) {
    self.name = name
    self.error = error
    self.lower = lower
  }
}

extension Candidate<OpenCLLaunch> {
  /// A kernel of `file` that makes each value of the first output in a work-item, from all inputs.
  static func perValue<Parameters: BitwiseCopyable>(
    _ file: String, _ parameters: @escaping @Sendable (Site) -> Parameters
  ) -> Candidate {
    Candidate("item") { site in
      .launches([
        OpenCLLaunch(
          file, parameters(site), site.inputs.indices.map(Operand.input) + [.output(0)],
          items: site.outputs[0].count)
      ])
    }
  }
}

/// What a candidate answers at a site.
public enum Lowering<Launch: Sendable>: Sendable {
  /// The launches in order, and the intermediate tensors that they share.
  ///
  /// `preparing` launches bring inputs into the form that the others want (packed weights), in
  /// tensors of the types `prepared`. Where all inputs that they read are constants of the graph they
  /// run once for all executables of a device; else before the others in every run.
  case launches(
    [Launch], workspace: [TensorType] = [], preparing: [Launch] = [], prepared: [TensorType] = [])
  /// Why this candidate does not apply here.
  case declined(String)
}

/// Where an op stands in a graph and on what machine.
public struct Site: Sendable {
  public let inputs: [TensorType]
  public let outputs: [TensorType]
  public let device: DeviceInfo
  /// Where inputs and the first output lie, if they are ranges of a wider tensor's channels; only for
  /// ops that are `ChannelRanged`, and for a concatenation's inputs that are in place already.
  var inputRanges: [Int: ChannelRange] = [:]
  var outputRange: ChannelRange? = nil
  /// Inputs, and whether the first output, that are kept in half precision: only for `ChannelRanged`
  /// ops, whose OpenCL kernels convert when they load and store.
  var halfInputs: Set<Int> = []
  var halfOutput = false
  /// Whether the candidate was asked for by name: then it declines only what it cannot do.
  var forced = false
}

/// A range of the channels of a wider tensor: value c of a pixel at pixel · pitch + first + c.
struct ChannelRange: Hashable, Sendable {
  let first: Int
  let pitch: Int

  var code: glint_channel_range {
    glint_channel_range(first: Int32(first), pitch: Int32(pitch))
  }
}

extension Site {
  /// What tells kernels which tensors are in half precision (`shared/storage.clh`).
  var storage: [String: String] {
    var defines: [String: String] = [:]
    if halfInputs.contains(0) { defines["IN_HALF"] = "1" }
    if halfOutput { defines["OUT_HALF"] = "1" }
    let added = halfInputs.filter { $0 >= 2 }.reduce(0) { $0 | 1 << ($1 - 2) }
    if added > 0 { defines["ADDED_HALF"] = "\(added)" }
    return defines
  }

  func inputRange(_ input: Int) -> glint_channel_range {
    (inputRanges[input] ?? ChannelRange(first: 0, pitch: inputs[input].channels)).code
  }

  var writtenRange: glint_channel_range {
    (outputRange ?? ChannelRange(first: 0, pitch: outputs[0].channels)).code
  }
}

/// A tensor seen from a launch: by its place among the op's inputs, outputs, workspace or prepared
/// tensors.
public enum Operand: Hashable, Sendable {
  case input(Int)
  case output(Int)
  case workspace(Int)
  case prepared(Int)
  /// Nothing: an optional operand that is absent (a null pointer on the CPU).
  case none
}

/// How many items a launch has.
public enum Items: Hashable, Sendable {
  case fixed(Int)
  /// As many as the first Int32 of an operand says when the launch starts, at most `limit`.
  case counted(Operand, limit: Int)

  var limit: Int {
    switch self {
    case .fixed(let count): count
    case .counted(_, let limit): limit
    }
  }
}

/// A call of a vector kernel of `CPUKernels` over a range of items, split over threads.
public struct CPULaunch: Hashable, Sendable {
  let kernel: String
  let parameters: [UInt8]
  let operands: [Operand]
  let items: Items
  let grain: Int
  var scratch: Int

  /// - Parameters:
  ///   - kernel: name in `kernel_list.h`.
  ///   - parameters: the kernel's parameter struct.
  ///   - operands: its buffers in order.
  ///   - items: how many items; what an item is, the kernel says.
  ///   - grain: items that a thread takes at a time.
  ///   - scratch: bytes that the kernel needs per thread.
  public init<Parameters: BitwiseCopyable>(
    _ kernel: String, _ parameters: Parameters, _ operands: [Operand], items: Items, grain: Int = 1,
    scratch: Int = 0
  ) {
    self.kernel = kernel
    self.parameters = withUnsafeBytes(of: parameters, Array.init)
    self.operands = operands
    self.items = items
    self.grain = max(grain, 1)
    self.scratch = scratch
  }
}

/// A call of an OpenCL kernel: arguments are the parameter struct, the operands in order, and the
/// number of items (for counted items, the limit: the kernel reads the count itself).
public struct OpenCLLaunch: Hashable, Sendable {
  let file: String
  let kernel: String
  let defines: [String: String]
  let parameters: [UInt8]
  let operands: [Operand]
  let items: Int
  let global: [Int]
  let local: [Int]

  /// - Parameters:
  ///   - file: path below Kernels/, for example "detect/calibrate.cl".
  ///   - kernel: function in that file; nil for the file's own name.
  ///   - defines: compile-time constants.
  ///   - parameters: the kernel's parameter struct, passed by value.
  ///   - operands: buffer arguments in order.
  ///   - items: last argument.
  ///   - global: work-items per axis, rounded up here to a multiple of `local`; nil for `items`.
  ///   - local: work-group per axis; one size per kernel.
  public init<Parameters: BitwiseCopyable>(
    _ file: String, kernel: String? = nil, defines: [String: String] = [:],
    _ parameters: Parameters, _ operands: [Operand], items: Int, global: [Int]? = nil,
    local: [Int] = [64]
  ) {
    self.file = file
    self.kernel =
      kernel ?? String(file.split(separator: "/").last!.split(separator: ".").first!)
    self.defines = defines
    self.parameters = withUnsafeBytes(of: parameters, Array.init)
    self.operands = operands
    self.items = items
    self.local = local
    self.global = zip(global ?? [items], local).map { max(($0 + $1 - 1) / $1, 1) * $1 }
  }
}
