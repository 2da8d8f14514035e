import CPUKernels

/// What the normalising ops share: statistics over pixels, per group of channels, per image or over
/// the batch, and x → (x − centre) factor, then a scale and shift per channel.
///
/// The order of the sums is fixed (along rows, then over rows and channels), so bits are equal on
/// every device.
public struct Normalization: Hashable, Sendable {
  enum Statistic: Hashable, Sendable {
    /// Mean and 1 / √(variance + ε); a constant image with ε = 0 becomes 0.
    case moments(epsilon: Float)
    /// Minimum and 1 / (maximum − minimum); a constant image becomes 0.
    case range
    /// 0 and 1 / maximum; an image whose maximum is not positive stays.
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
  /// Groups of neighbouring channels with one statistic each; nil for one per channel.
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
      throw ShapeError(op, "\(inputs[0].channels) channels do not make \(groups!) groups")
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

  /// The passes over the image: kernel, operands, items, whether it is the second look at the data.
  private func passes(
    _ site: Site
  ) -> (list: [(kernel: String, operands: [Operand], items: Int, second: Bool)], [TensorType]) {
    let x = site.inputs[0].shape
    let (rows, sets) = (x[0] * x[1], (across ? 1 : x[0]) * (groups ?? x[3]))
    let pixels = rows * x[2]
    let types = [
      TensorType(.float32, rows, x[3], 2), TensorType(.float32, sets, 2),
      TensorType(.float32, sets, 2),
    ]
    var list: [(String, [Operand], Int, Bool)] = [
      ("norm_rows", [.input(0), .none, .workspace(0)], rows, false),
      ("norm_groups", [.workspace(0), .none, .workspace(1)], sets, false),
    ]
    var last = Operand.workspace(1)
    if case .moments = statistic {
      list += [
        ("norm_rows", [.input(0), .workspace(1), .workspace(0)], rows, true),
        ("norm_groups", [.workspace(0), .workspace(1), .workspace(2)], sets, true),
      ]
      last = .workspace(2)
    }
    let scale: [Operand] = affine ? [.input(1), .input(2)] : [.none, .none]
    list.append(
      ("norm_apply", [.input(0), last] + scale + [.none, .none, .output(0)], pixels, false))
    return (list, types)
  }

  var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("passes") { site in
        let (list, workspace) = passes(site)
        return .launches(
          list.map {
            CPULaunch(
              $0.kernel, kernelParameters(site), $0.operands, items: .fixed($0.items),
              grain: $0.kernel == "norm_apply" ? 1024 : 4)
          }, workspace: workspace)
      }
    ]
  }

  var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("passes") { site in
        let (list, workspace) = passes(site)
        let channels = site.inputs[0].channels
        return .launches(
          list.map {
            OpenCLLaunch(
              "tensor/\($0.kernel).cl",
              defines: $0.kernel == "norm_apply" ? [:] : ["SECOND_PASS": $0.second ? "1" : "0"],
              kernelParameters(site), $0.operands,
              items: $0.kernel == "norm_groups" ? $0.items : $0.items * channels)
          }, workspace: workspace)
      }
    ]
  }
}

/// An op that is nothing but a normalization.
public protocol NormalizingOp: Op {
  var rule: Normalization { get }
}

extension NormalizingOp {
  public func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try rule.outputs(inputs, op: Self.name)
  }

  public func reference(_ inputs: [Reference]) -> [Reference] { rule.reference(inputs) }
  public func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work { rule.work(inputs) }
  public var cpu: [Candidate<CPULaunch>] { rule.cpu }
  public var openCL: [Candidate<OpenCLLaunch>] { rule.openCL }
}
