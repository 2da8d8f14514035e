import CPUKernels

/// The common part of normalising ops: statistics over pixels, per group of channels, per image or
/// over the batch; x → (x − centre) factor; then a scale and shift per channel.
///
/// Sums have a fixed order (along rows, then over rows and channels), so bits are equal on every
/// device.
package struct Normalization: Hashable, Sendable {
  enum Statistic: Hashable, Sendable {
    /// Mean and 1 / √(variance + ε); a constant image with ε = 0 becomes 0.
    case moments(epsilon: Float)
    /// Minimum and 1 / (maximum − minimum); a constant image becomes 0.
    case range
    /// 0 and 1 / maximum; an image whose maximum is not positive is unchanged.
    case maximum

    var code: (kind: Int32, epsilon: Float) {
      switch self {
      case .moments(let epsilon): (Int32(glint_norm_moments), epsilon)
      case .range: (Int32(glint_norm_range), 0)
      case .maximum: (Int32(glint_norm_max), 0)
      }
    }
  }

  let statistic: Statistic
  /// Number of groups of adjacent channels with one statistic each; nil for one per channel.
  let groups: Int?
  /// One statistic for the whole batch.
  let across: Bool
  /// Whether inputs 1 and 2 are scale and shift.
  let affine: Bool

  func outputs(_ inputs: [TensorType], op: String) throws(ShapeError) -> [TensorType] {
    guard inputs.count == (affine ? 3 : 1), inputs[0].shape.count == 4, inputs[0].count > 0,
      inputs.allSatisfy({ $0.element == .float32 }),
      inputs.dropFirst().allSatisfy({ $0.shape == [inputs[0].channels] })
    else {
      throw ShapeError(
        op,
        "takes x [batch×height×width×channels]"
          + (affine ? ", scale and shift [channels]" : "") + ", not \(inputs)")
    }
    guard inputs[0].channels % (groups ?? 1) == 0 else {
      throw ShapeError(op, "\(inputs[0].channels) channels cannot be split into \(groups!) groups")
    }
    return [inputs[0]]
  }

  func reference(_ inputs: [Reference]) -> [Reference] {
    let x = inputs[0].type.shape
    let (groups, frame) = (groups ?? x[3], x[1] * x[2] * x[3])
    func set(_ index: Int) -> Int {
      (across ? 0 : index / frame * groups) + index % x[3] / (x[3] / groups)
    }
    var members = [[Double]](repeating: [], count: (across ? 1 : x[0]) * groups)
    for (index, value) in inputs[0].values.enumerated() { members[set(index)].append(value) }
    let factors = members.map { values -> (centre: Double, factor: Double) in
      let (least, most) = (values.min()!, values.max()!)
      switch statistic {
      case .range: return (least, most > least ? 1 / (most - least) : 0)
      case .maximum: return (0, most > 0 ? 1 / most : 1)
      case .moments(let epsilon):
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        let spread = (variance + Double(epsilon)).squareRoot()
        return (mean, spread > 0 ? 1 / spread : 0)
      }
    }
    let values = inputs[0].values.enumerated().map { index, value in
      let (centre, factor) = factors[set(index)]
      let y = (value - centre) * factor
      return affine ? y * inputs[1].values[index % x[3]] + inputs[2].values[index % x[3]] : y
    }
    return [Reference(inputs[0].type, values)]
  }

  func work(_ inputs: [TensorType]) -> Work {
    Work(flops: 7 * inputs[0].count, bytes: 4 * inputs[0].bytes)
  }

  func kernelParameters(_ site: Site) -> glint_norm_params {
    let x = site.inputs[0].shape
    let sets = (across ? 1 : x[0]) * (groups ?? x[3])
    return glint_norm_params(
      batch: Int32(x[0]), height: Int32(x[1]), width: Int32(x[2]), channels: Int32(x[3]),
      groups: Int32(groups ?? x[3]), across: across ? 1 : 0, kind: statistic.code.kind,
      has_affine: affine ? 1 : 0, epsilon: statistic.code.epsilon,
      share: Float(sets) / Float(site.inputs[0].count))
  }

  /// A pass over the image: its operands, and whether it reads the data for the second time.
  enum Pass: Sendable {
    case rows(glint_norm_rows_operands, second: Bool)
    case groups(glint_norm_groups_operands, second: Bool)
  }

  /// The passes that write the statistics of input 0 to a workspace tensor: mean and factor, or
  /// minimum and factor. Workspace 0 has a pair per row and channel, 1 and 2 one per group.
  var statistics: (passes: [Pass], at: Int) {
    func look(_ mean: Int?) -> [Pass] {
      let given: glint_maybe_in = mean.map { .workspace($0) } ?? .none
      return [
        .rows(.init(x: .input(0), statistics: given, partial: .workspace(0)), second: mean != nil),
        .groups(
          .init(
            partial: .workspace(0), mean: given, statistics: .workspace(mean.map { $0 + 1 } ?? 1)),
          second: mean != nil),
      ]
    }
    if case .moments = statistic { return (look(nil) + look(1), 2) }
    return (look(nil), 1)
  }

  /// Rows and groups of an image.
  func counts(_ site: Site) -> (rows: Int, sets: Int) {
    let x = site.inputs[0].shape
    return (x[0] * x[1], (across ? 1 : x[0]) * (groups ?? x[3]))
  }

  func workspace(_ site: Site) -> [TensorType] {
    let (rows, sets) = counts(site)
    return [
      TensorType(.float32, rows, site.inputs[0].channels, 2), TensorType(.float32, sets, 2),
      TensorType(.float32, sets, 2),
    ]
  }

  func cpuStatistics(_ site: Site) -> [CPULaunch] {
    let (parameters, counts) = (kernelParameters(site), counts(site))
    return statistics.passes.map { pass in
      switch pass {
      case .rows(let operands, _):
        CPULaunch(
          glint_cpu_norm_rows, parameters, operands, items: .fixed(counts.rows), grain: 4)
      case .groups(let operands, _):
        CPULaunch(
          glint_cpu_norm_groups, parameters, operands, items: .fixed(counts.sets), grain: 4)
      }
    }
  }

  func openCLStatistics(_ site: Site) -> [OpenCLLaunch] {
    let (parameters, counts) = (kernelParameters(site), counts(site))
    func defines(_ second: Bool) -> [String: String] { ["SECOND_PASS": second ? "1" : "0"] }
    return statistics.passes.map { pass in
      switch pass {
      case .rows(let operands, let second):
        OpenCLLaunch(
          glint_opencl_norm_rows, defines: defines(second), parameters, operands,
          items: counts.rows * site.inputs[0].channels)
      case .groups(let operands, let second):
        OpenCLLaunch(
          glint_opencl_norm_groups, defines: defines(second), parameters, operands,
          items: counts.sets)
      }
    }
  }

  private var applying: glint_norm_apply_operands {
    glint_norm_apply_operands(
      x: .input(0), statistics: .workspace(statistics.at), scale: affine ? .input(1) : .none,
      shift: affine ? .input(2) : .none, mean: .none, variance: .none, out: .output(0))
  }

  var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("passes") { site in
        let apply = CPULaunch(
          glint_cpu_norm_apply, kernelParameters(site), applying,
          items: .fixed(site.inputs[0].pixels), grain: 1024)
        return .launches(cpuStatistics(site) + [apply], workspace: workspace(site))
      }
    ]
  }

  var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("passes") { site in
        let apply = OpenCLLaunch(
          glint_opencl_norm_apply, kernelParameters(site), applying,
          items: site.inputs[0].count)
        return .launches(openCLStatistics(site) + [apply], workspace: workspace(site))
      }
    ]
  }
}

extension Candidate {
  /// The same with one more launch at the end.
  func followed(by last: @escaping @Sendable (Site) -> Launch) -> Candidate {
    Candidate(name, error: error) { site in
      guard case .launches(let launches, let workspace, let preparing, let prepared) = lower(site)
      else { return lower(site) }
      return .launches(
        launches + [last(site)], workspace: workspace, preparing: preparing, prepared: prepared)
    }
  }
}

/// An op that consists of a normalisation only.
package protocol NormalizingOp: Op {
  var rule: Normalization { get }
}

extension NormalizingOp {
  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try rule.outputs(inputs, op: Self.name)
  }

  package func reference(_ inputs: [Reference]) -> [Reference] { rule.reference(inputs) }
  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work { rule.work(inputs) }
  package var cpu: [Candidate<CPULaunch>] { rule.cpu }
  package var openCL: [Candidate<OpenCLLaunch>] { rule.openCL }
}
