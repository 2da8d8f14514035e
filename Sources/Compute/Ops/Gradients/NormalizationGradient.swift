import CPUKernels

/// The gradient through a normalisation x → y = (x − centre) factor whose statistics come from x.
///
/// Inputs: x [batch, height, width, channels] and the gradient g of y. Output: as x. For moments it
/// is factor (g − mean(g) − y mean(g y)), with means over the group. For extremes it is factor g,
/// plus the contributions through minimum and maximum at the first pixel of each in memory order.
package struct NormalizationGradient: FirstOrder {
  package static let name = "normalization gradient"
  let rule: Normalization

  init(of rule: Normalization) { self.rule = rule }

  package var parameters: String {
    let kind =
      switch rule.statistic {
      case .moments(let epsilon): "moments ε \(epsilon)"
      case .range: "range"
      case .maximum: "maximum"
      }
    let groups = rule.groups.map { " \($0) groups" } ?? ""
    return kind + groups + (rule.across ? " batch" : "")
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let plain = Normalization(
      statistic: rule.statistic, groups: rule.groups, across: rule.across, affine: false)
    return try plain.outputs([pair(inputs)], op: Self.name)
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let (groups, frame) = (rule.groups ?? shape[3], shape[1] * shape[2] * shape[3])
    var members = [[Int]](repeating: [], count: (rule.across ? 1 : shape[0]) * groups)
    for index in inputs[0].values.indices {
      let group = index % shape[3] / (shape[3] / groups)
      members[(rule.across ? 0 : index / frame * groups) + group].append(index)
    }
    var result = [Double](repeating: 0, count: inputs[0].values.count)
    for places in members {
      let parts = gradient(
        of: places.map { inputs[0].values[$0] }, given: places.map { inputs[1].values[$0] })
      for (index, value) in zip(places, parts) { result[index] = value }
    }
    return [Reference(inputs[0].type, result)]
  }

  /// The gradient within one group.
  private func gradient(of x: [Double], given: [Double]) -> [Double] {
    let (least, most) = (x.min()!, x.max()!)
    func sum(_ y: [Double]) -> Double { zip(given, y).reduce(0) { $0 + $1.0 * $1.1 } }
    switch rule.statistic {
    case .moments(let epsilon):
      let count = Double(x.count)
      let mean = x.reduce(0, +) / count
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      let spread = (variance + Double(epsilon)).squareRoot()
      let factor = spread > 0 ? 1 / spread : 0
      let y = x.map { ($0 - mean) * factor }
      let (shift, slope) = (given.reduce(0, +) / count, sum(y) / count)
      return x.indices.map { factor * (given[$0] - shift - y[$0] * slope) }
    case .range:
      let factor = most > least ? 1 / (most - least) : 0
      let product = sum(x.map { ($0 - least) * factor })
      var result = given.map { $0 * factor }
      result[x.firstIndex(of: least)!] += factor * (product - given.reduce(0, +))
      result[x.firstIndex(of: most)!] -= factor * product
      return result
    case .maximum:
      guard most > 0 else { return given }
      var result = given.map { $0 / most }
      result[x.firstIndex(of: most)!] -= sum(x.map { $0 / most }) / most
      return result
    }
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 15 * inputs[0].count, bytes: 7 * inputs[0].bytes)
  }

  private var isMoments: Bool { if case .moments = rule.statistic { true } else { false } }

  private var rows: glint_norm_gradient_rows_operands {
    glint_norm_gradient_rows_operands(
      x: .input(0), statistics: .workspace(rule.statistics.at), given: .input(1),
      partial: .workspace(3))
  }

  private var groups: glint_norm_gradient_groups_operands {
    glint_norm_gradient_groups_operands(
      x: .input(0), extremes: isMoments ? .none : .workspace(0),
      statistics: .workspace(rule.statistics.at), partial: .workspace(3), sums: .workspace(4),
      places: .workspace(5))
  }

  private var applying: glint_norm_gradient_apply_operands {
    glint_norm_gradient_apply_operands(
      x: .input(0), statistics: .workspace(rule.statistics.at), given: .input(1),
      sums: .workspace(4), places: .workspace(5), out: .output(0))
  }

  /// After the workspace of the statistics: sums per row and per group, and positions of extremes.
  private func workspace(_ site: Site) -> [TensorType] {
    let (rows, sets) = rule.counts(site)
    return rule.workspace(site) + [
      TensorType(.float32, rows, site.inputs[0].channels, 2), TensorType(.float32, sets, 2),
      TensorType(.int32, sets, 2),
    ]
  }

  private func kernelParameters(_ site: Site) -> glint_norm_gradient_params {
    var norm = rule.kernelParameters(site)
    if !isMoments { norm.share = 1 }
    return glint_norm_gradient_params(norm: norm, one: 1)
  }

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("passes") { site in
        let (parameters, counts) = (kernelParameters(site), rule.counts(site))
        return .launches(
          rule.cpuStatistics(site) + [
            CPULaunch(
              glint_cpu_norm_gradient_rows, parameters, rows, items: .fixed(counts.rows),
              grain: 4),
            CPULaunch(
              glint_cpu_norm_gradient_groups, parameters, groups, items: .fixed(counts.sets),
              grain: 4),
            CPULaunch(
              glint_cpu_norm_gradient_apply, parameters, applying,
              items: .fixed(site.inputs[0].pixels), grain: 1024),
          ], workspace: workspace(site))
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("passes") { site in
        let (parameters, counts) = (kernelParameters(site), rule.counts(site))
        let channels = site.inputs[0].channels
        return .launches(
          rule.openCLStatistics(site) + [
            OpenCLLaunch(
              glint_opencl_norm_gradient_rows, parameters, rows, items: counts.rows * channels),
            OpenCLLaunch(
              glint_opencl_norm_gradient_groups, parameters, groups, items: counts.sets),
            OpenCLLaunch(
              glint_opencl_norm_gradient_apply, parameters, applying,
              items: site.inputs[0].count),
          ], workspace: workspace(site))
      }
    ]
  }

  package static var samples: [Sample] {
    let moments = Normalization.Statistic.moments(epsilon: 1e-3)
    let rules: [(Normalization, [Int])] = [
      (.init(statistic: moments, groups: nil, across: true, affine: true), [3, 5, 7, 17]),
      (.init(statistic: moments, groups: nil, across: true, affine: true), [1, 1, 3, 1]),
      (.init(statistic: moments, groups: nil, across: false, affine: false), [2, 13, 7, 17]),
      (.init(statistic: moments, groups: 4, across: false, affine: true), [2, 7, 5, 48]),
      (.init(statistic: moments, groups: 1, across: false, affine: false), [2, 3, 5, 17]),
      (.init(statistic: .range, groups: 1, across: false, affine: false), [3, 13, 17, 1]),
      (.init(statistic: .range, groups: 1, across: false, affine: false), [2, 3, 5, 17]),
      (.init(statistic: .range, groups: 1, across: false, affine: false), [1, 1, 1, 1]),
      (.init(statistic: .maximum, groups: 1, across: false, affine: false), [2, 3, 5, 17]),
      (.init(statistic: .maximum, groups: 1, across: false, affine: false), [1, 13, 9, 1]),
    ]
    return rules.map { rule, shape in
      // Results of about 1; sums along a row and over rows, over all channels if they are one
      // group.
      let x = Reference.random(shape, -2...3, seed: 1)
      return Sample(
        NormalizationGradient(of: rule), [x, .random(shape, -1...1, seed: 5)],
        .absolute(16 * Double(rule.groups == 1 ? shape[1] : 1) * 0x1p-24), tiny: true)
    } + [
      Sample(
        NormalizationGradient(of: rules[5].0),
        [
          Reference(TensorType(.float32, 1, 3, 3, 1), [2, 1, 3, 1, 2, 3, 3, 1, 2]),
          .random([1, 3, 3, 1], -1...1, seed: 5),
        ], note: "ties", .absolute(16 * 0x1p-24), tiny: true),
      Sample(
        NormalizationGradient(of: rules[8].0),
        [.random([1, 3, 3, 2], -2 ... -1), .random([1, 3, 3, 2], -1...1, seed: 5)],
        note: "below zero", .exact, tiny: true),
    ]
  }
}
