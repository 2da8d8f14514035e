import CPUKernels

/// Batch normalisation: with running statistics for inference, with those of the batch for
/// training.
///
/// Inputs: x [… channels], scale (γ) and shift (β) [channels], and with running or tracked
/// statistics also the running mean and variance [channels]. Output: (x − mean) / √(variance + ε) ·
/// γ + β; with tracked statistics also the new running mean and variance, which may overwrite the
/// old ones. Batch statistics need x [batch, height, width, channels]. After Ioffe and Szegedy
/// (2015).
package struct BatchNorm: Op {
  package static let name = "batch norm"

  package enum Statistics: Hashable, Sendable {
    /// Running statistics, for inference.
    case running
    /// Statistics of the batch, without running ones.
    case batch
    /// Statistics of the batch, which move the running ones by `momentum` times the difference, as
    /// in PyTorch (Keras' momentum is 1 minus that). PyTorch's running variance is `unbiased`,
    /// divided by n − 1; Keras' is not. Running statistics have no gradient.
    case tracked(momentum: Float, unbiased: Bool)

    var label: String {
      switch self {
      case .running: "running"
      case .batch: "batch"
      case .tracked(let momentum, let unbiased):
        "tracked \(momentum)" + (unbiased ? " unbiased" : "")
      }
    }
  }

  package let statistics: Statistics
  package let epsilon: Float

  package init(_ statistics: Statistics = .running, epsilon: Float = 1e-5) {
    self.statistics = statistics
    self.epsilon = epsilon
  }

  var rule: Normalization {
    Normalization(statistic: .moments(epsilon: epsilon), groups: nil, across: true, affine: true)
  }

  package var parameters: String { "\(statistics.label) ε \(epsilon)" }

  package var updates: [Int: Int] { tracking == nil ? [:] : [1: 3, 2: 4] }

  private var tracking: (momentum: Float, unbiased: Bool)? {
    if case .tracked(let momentum, let unbiased) = statistics { (momentum, unbiased) } else { nil }
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    if statistics == .batch { return try rule.outputs(inputs, op: Self.name) }
    guard inputs.count == 5, !inputs[0].shape.isEmpty, inputs[0].element == .float32,
      inputs.dropFirst().allSatisfy({ $0 == TensorType(.float32, inputs[0].channels) })
    else {
      throw ShapeError(
        Self.name,
        "takes x, scale, shift, mean and variance with one value per channel, not \(inputs)")
    }
    guard let tracking else { return [inputs[0]] }
    guard inputs[0].pixels > 1 || !tracking.unbiased else {
      throw ShapeError(Self.name, "one value per channel does not define an unbiased variance")
    }
    return try rule.outputs(Array(inputs.prefix(3)), op: Self.name) + inputs[3...]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    guard statistics == .running else {
      return rule.reference(inputs) + (tracking == nil ? [] : moved(inputs))
    }
    let channels = inputs[0].type.channels
    let affine = affine(inputs)
    let values = inputs[0].values.enumerated().map { index, x in
      x * affine.scale[index % channels] + affine.shift[index % channels]
    }
    return [Reference(inputs[0].type, values)]
  }

  /// The new running mean and variance.
  private func moved(_ inputs: [Reference]) -> [Reference] {
    guard let (momentum, unbiased) = tracking else { return [] }
    let channels = inputs[1].values.indices
    let count = Double(inputs[0].type.pixels)
    var (mean, variance) = (inputs[3], inputs[4])
    for channel in channels {
      let values = stride(from: channel, to: inputs[0].values.count, by: channels.count)
        .map { inputs[0].values[$0] }
      let centre = values.reduce(0, +) / count
      let squares = values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
      let spread = squares / (unbiased ? count - 1 : count)
      mean.values[channel] += Double(momentum) * (centre - mean.values[channel])
      variance.values[channel] += Double(momentum) * (spread - variance.values[channel])
    }
    return [mean, variance]
  }

  /// The equivalent scale and shift per channel for running statistics; `inputs` as those of the
  /// op.
  func affine(_ inputs: [Reference]) -> (scale: [Double], shift: [Double]) {
    let scale = zip(inputs[1].values, inputs[4].values).map {
      $0 / ($1 + Double(epsilon)).squareRoot()
    }
    let shift = scale.indices.map { inputs[2].values[$0] - inputs[3].values[$0] * scale[$0] }
    return (scale, shift)
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    statistics == .running
      ? Work(flops: 3 * inputs[0].count, bytes: 2 * inputs[0].bytes) : rule.work(inputs)
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

  /// Updates the running statistics from the workspace of the norm's passes (`Normalization`).
  private func moving(
    _ site: Site, _ momentum: Float, _ unbiased: Bool
  ) -> (parameters: glint_norm_running_params, operands: glint_norm_running_operands) {
    let count = Float(site.inputs[0].pixels)
    let parameters = glint_norm_running_params(
      norm: rule.kernelParameters(site), momentum: momentum,
      correction: unbiased ? count / (count - 1) : 1)
    let operands = glint_norm_running_operands(
      partial: .workspace(0), statistics: .workspace(rule.statistics.at), mean: .input(3),
      variance: .input(4),
      new_mean: .output(1), new_variance: .output(2))
    return (parameters, operands)
  }

  package var cpu: [Candidate<CPULaunch>] {
    if let (momentum, unbiased) = tracking {
      return rule.cpu.map {
        $0.followed(by: { site in
          let (parameters, operands) = moving(site, momentum, unbiased)
          return CPULaunch(
            glint_cpu_norm_running, parameters, operands, items: .fixed(site.inputs[0].channels),
            grain: 16)
        })
      }
    }
    if statistics == .batch { return rule.cpu }
    return .only("pixels") { site in
      CPULaunch(
        glint_cpu_norm_apply, kernelParameters(site), operands,
        items: .fixed(site.inputs[0].pixels), grain: 512)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    if let (momentum, unbiased) = tracking {
      return rule.openCL.map {
        $0.followed(by: { site in
          let (parameters, operands) = moving(site, momentum, unbiased)
          return OpenCLLaunch(
            glint_opencl_norm_running, parameters, operands, items: site.inputs[0].channels)
        })
      }
    }
    if statistics == .batch { return rule.openCL }
    return .only("item") { site in
      OpenCLLaunch(
        glint_opencl_norm_apply, kernelParameters(site), operands,
        items: site.inputs[0].count)
    }
  }

  package static var samples: [Sample] {
    [[1, 1, 3, 1], [3, 5, 7, 17], [2, 13, 3, 48]].flatMap { shape in
      let x = Reference.random(shape, -2...3, seed: 1)
      let affine = [2, 3].map { Reference.random([shape[3]], -2...2, seed: $0) }
      let mean = Reference.random([shape[3]], -1...1, seed: 4)
      let variance = Reference.random([shape[3]], 0.1...2, seed: 5)
      return [
        Sample(BatchNorm(), [x] + affine + [mean, variance], .roundings(8), tiny: true),
        Sample(BatchNorm(.batch, epsilon: 1e-3), [x] + affine, .roundings(64), tiny: true),
        Sample(
          BatchNorm(.tracked(momentum: 0.1, unbiased: true), epsilon: 1e-3),
          [x] + affine + [mean, variance], .roundings(64), tiny: true),
        Sample(
          BatchNorm(.tracked(momentum: 0.01, unbiased: false)),
          [x] + affine + [mean, variance], .roundings(64), tiny: true),
      ]
    }
  }
}
