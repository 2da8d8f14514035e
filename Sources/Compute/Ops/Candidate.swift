import CPUKernels

/// One way to carry out an op on one kind of device.
///
/// `lower` returns the launches for a site, or the reason why the candidate declines it.
package struct Candidate<Launch: Sendable>: Sendable {
  package let name: String
  /// Bound on the error of this method, as a multiple of that of plain summation; see
  /// `Tolerance.magnitude`.
  package let error: Double
  let lower: @Sendable (Site) -> Lowering<Launch>

  package init(
    _ name: String, error: Double = 1, lower: @escaping @Sendable (Site) -> Lowering<Launch>
  ) {
    self.name = name
    self.error = error
    self.lower = lower
  }
}

extension Array {
  /// One candidate for every case, with one launch.
  static func only<Launch>(
    _ name: String, _ launch: @escaping @Sendable (Site) -> Launch
  ) -> Self where Element == Candidate<Launch> {
    [Candidate(name) { .launches([launch($0)]) }]
  }
}

extension Candidate<OpenCLLaunch> {
  /// A kernel with one work-item for each value of the first output.
  static func perValue<Parameters: BitwiseCopyable, Operands: BitwiseCopyable & Sendable>(
    _ kernel: @escaping OpenCLKernel<Parameters, Operands>, _ operands: Operands,
    _ parameters: @escaping @Sendable (Site) -> Parameters
  ) -> Candidate {
    Candidate("item") { site in
      .launches([OpenCLLaunch(kernel, parameters(site), operands, items: site.outputs[0].count)])
    }
  }
}

extension [Candidate<OpenCLLaunch>] {
  /// A kernel that works in 16 lanes (`lanes16.clh`): a work-group for each item on a GPU; one
  /// work-item where OpenCL runs on a CPU, whose drivers take minutes to compile barriers in nested
  /// loops.
  ///
  /// - Parameter floats: of memory for each item, in workspace 0.
  static func lanes<Parameters: BitwiseCopyable, Operands: BitwiseCopyable & Sendable>(
    _ kernel: @escaping OpenCLKernel<Parameters, Operands>,
    _ operands: @escaping @Sendable (Site) -> Operands,
    items: @escaping @Sendable (Site) -> Int, floats: @escaping @Sendable (Parameters) -> Int32,
    defines: @escaping @Sendable (Parameters) -> [String: String] = { _ in [:] },
    _ parameters: @escaping @Sendable (Site) -> Parameters
  ) -> Self {
    @Sendable func launches(_ site: Site, lanes: Int) -> Lowering<OpenCLLaunch> {
      let (p, count) = (parameters(site), items(site))
      return .launches(
        [
          OpenCLLaunch(
            kernel, defines: defines(p).merging(["ITEMS": "\(lanes)"]) { $1 }, p, operands(site),
            items: count, global: [lanes * count], local: [lanes])
        ], workspace: [TensorType(.float32, count, Int(floats(p)))])
    }
    return [
      Candidate("group") { site in
        site.device.kind == .openCLGPU
          ? launches(site, lanes: 16) : .declined("one work-item is enough for a CPU")
      },
      Candidate("item") { launches($0, lanes: 1) },
    ]
  }
}

/// A candidate's answer for a site.
package enum Lowering<Launch: Sendable>: Sendable {
  /// The launches in order, and the intermediate tensors that they share.
  ///
  /// `preparing` launches convert inputs to the layout that the others read (packed weights), in
  /// tensors of the types `prepared`. If they read only constants of the graph, they run once for
  /// all executables of a device; otherwise at the start of every run.
  case launches(
    [Launch], workspace: [TensorType] = [], preparing: [Launch] = [], prepared: [TensorType] = [])
  /// The reason why this candidate does not apply.
  case declined(String)
}

/// Where an op stands in a graph, and on which device.
package struct Site: Sendable {
  package let inputs: [TensorType]
  package let outputs: [TensorType]
  package let device: DeviceInfo
  /// For inputs and the first output, the channel ranges of wider tensors that hold them. Only for
  /// ops that are `ChannelRanged`, and for a concatenation's inputs that are already in place.
  var inputRanges: [Int: ChannelRange] = [:]
  var outputRange: ChannelRange? = nil
  /// The inputs that are stored in half precision. Only for `ChannelRanged` ops, whose OpenCL
  /// kernels convert when they load and store.
  var halfInputs: Set<Int> = []
  var halfOutput = false
  /// Whether the candidate was requested by name; then it declines only what it cannot compute.
  var forced = false
}

/// A range of the channels of a wider tensor: channel c of a pixel is at pixel · pitch + first + c.
struct ChannelRange: Hashable, Sendable {
  let first: Int
  let pitch: Int

  var code: glint_channel_range {
    glint_channel_range(first: Int32(first), pitch: Int32(pitch))
  }
}

extension Site {
  /// Parameters of kernels that process the channels of each pixel of the first input.
  func channels(pitch: Int32 = 0) -> glint_channels_params {
    glint_channels_params(channels: Int32(inputs[0].channels), pitch: pitch, offset: 0)
  }

  /// Defines that tell kernels which tensors are in half precision (`shared/storage.clh`).
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
