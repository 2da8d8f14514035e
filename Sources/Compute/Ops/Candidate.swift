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
  /// A kernel that makes each value of the first output in a work-item.
  static func perValue<Parameters: BitwiseCopyable, Operands: BitwiseCopyable & Sendable>(
    _ kernel: @escaping OpenCLKernel<Parameters, Operands>, _ operands: Operands,
    _ parameters: @escaping @Sendable (Site) -> Parameters
  ) -> Candidate {
    Candidate("item") { site in
      .launches([OpenCLLaunch(kernel, parameters(site), operands, items: site.outputs[0].count)])
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
