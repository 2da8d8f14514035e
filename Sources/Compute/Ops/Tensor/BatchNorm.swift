import CPUKernels

/// Batch normalisation: with running statistics at inference, with those of the batch in training.
///
/// Inputs: x [… channels], scale (γ) and shift (β) [channels], and with running statistics also mean
/// and variance [channels]. Output: (x − mean) / √(variance + ε) · γ + β. Batch statistics need x
/// [batch, height, width, channels].
public struct BatchNorm: Op {
  public static let name = "batch norm"

  public enum Statistics: String, Hashable, Sendable {
    case running
    case batch
  }

  public let statistics: Statistics
  public let epsilon: Float

  public init(_ statistics: Statistics = .running, epsilon: Float = 1e-5) {
    self.statistics = statistics
    self.epsilon = epsilon
  }

  var rule: Normalization {
    Normalization(statistic: .moments(epsilon: epsilon), groups: nil, across: true, affine: true)
  }

  public var parameters: String { "\(statistics) ε \(epsilon)" }

  public func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard statistics == .running else { return try rule.outputs(inputs, op: Self.name) }
    guard inputs.count == 5, !inputs[0].shape.isEmpty, inputs[0].element == .float32,
      inputs.dropFirst().allSatisfy({ $0 == TensorType(.float32, inputs[0].channels) })
    else {
      throw ShapeError(
        Self.name,
        "takes x, scale, shift, mean and variance with one value per channel, not \(inputs)")
    }
    return [inputs[0]]
  }

  public func reference(_ inputs: [Reference]) -> [Reference] {
    guard statistics == .running else { return rule.reference(inputs) }
    let channels = inputs[0].type.channels
    let affine = affine(inputs)
    let values = inputs[0].values.enumerated().map { index, x in
      x * affine.scale[index % channels] + affine.shift[index % channels]
    }
    return [Reference(inputs[0].type, values)]
  }

  /// The scale and shift per channel that running statistics amount to; `inputs` as of the op.
  func affine(_ inputs: [Reference]) -> (scale: [Double], shift: [Double]) {
    let scale = zip(inputs[1].values, inputs[4].values).map {
      $0 / ($1 + Double(epsilon)).squareRoot()
    }
    let shift = scale.indices.map { inputs[2].values[$0] - inputs[3].values[$0] * scale[$0] }
    return (scale, shift)
  }

  public func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    statistics == .batch
      ? rule.work(inputs) : Work(flops: 3 * inputs[0].count, bytes: 2 * inputs[0].bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_norm_params {
    glint_norm_params(
      batch: 1, height: 1, width: Int32(site.inputs[0].pixels),
      channels: Int32(site.inputs[0].channels), groups: 1, across: 1,
      kind: Int32(glint_norm_given), has_affine: 1, epsilon: epsilon, share: 0)
  }

  private var operands: glint_norm_apply_operands {
    glint_norm_apply_operands(
      x: .input(0), statistics: .none, scale: .input(1), shift: .input(2), mean: .input(3),
      variance: .input(4), out: .output(0))
  }

  public var cpu: [Candidate<CPULaunch>] {
    if statistics == .batch { return rule.cpu }
    return [
      Candidate("pixels") { site in
        .launches([
          CPULaunch(
            glint_cpu_norm_apply, kernelParameters(site), operands,
            items: .fixed(site.inputs[0].pixels), grain: 512)
        ])
      }
    ]
  }

  public var openCL: [Candidate<OpenCLLaunch>] {
    if statistics == .batch { return rule.openCL }
    return [
      Candidate("item") { site in
        .launches([
          OpenCLLaunch(
            glint_opencl_norm_apply, kernelParameters(site), operands,
            items: site.inputs[0].count)
        ])
      }
    ]
  }

  public static var samples: [Sample] {
    [[1, 1, 3, 1], [3, 5, 7, 17], [2, 13, 3, 48]].flatMap { shape in
      let x = Reference.random(shape, -2...3, seed: 1)
      let affine = [2, 3].map { Reference.random([shape[3]], -2...2, seed: $0) }
      let mean = Reference.random([shape[3]], -1...1, seed: 4)
      let variance = Reference.random([shape[3]], 0.1...2, seed: 5)
      return [
        Sample(BatchNorm(), [x] + affine + [mean, variance], .roundings(8), tiny: true),
        Sample(BatchNorm(.batch, epsilon: 1e-3), [x] + affine, .roundings(64), tiny: true),
      ]
    }
  }
}
