import CPUKernels

/// The more likely of two fits of every spot from different start values.
///
/// Inputs: total int32 [1], then for each fit parameters, iterations, state, variances, deviance
/// and reduced χ², as `FitSpots` and `AssessSpots` give them. Outputs: the same six of the fit with
/// the smaller deviance, or of the first if equal. A fit that is singular, invalid or has a NaN
/// deviance is used only if the other is no better. Rows past the total are undefined.
package struct BetterFit: NotDifferentiable {
  package static let name = "better fit"

  package init() {}

  package var parameters: String { "" }

  private static func types(_ capacity: Int) -> [TensorType] {
    SpotModel.fits(capacity) + SpotModel.worths(capacity)
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 13, inputs[0] == TensorType(.int32, 1),
      let capacity = inputs[2].shape.first, Array(inputs[1..<7]) == Self.types(capacity),
      Array(inputs[7...]) == Self.types(capacity)
    else { throw ShapeError(Self.name, "takes a total and two fits of six tables, not \(inputs)") }
    return Self.types(capacity)
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let capacity = inputs[2].type.shape[0]
    let total = min(Int(inputs[0].values[0]), capacity)
    func deviance(_ row: Int, _ fit: Int) -> Double {
      let state = inputs[fit + 2].values[row]
      let value = inputs[fit + 4].values[row]
      return state == 2 || state == 4 || value.isNaN ? .infinity : value
    }
    let second = (0..<capacity).map { $0 < total && deviance($0, 7) < deviance($0, 1) }
    return (0..<6).map { table in
      let (a, b) = (inputs[1 + table], inputs[7 + table])
      let width = a.type.count / max(capacity, 1)
      return Reference(
        a.type,
        (0..<a.type.count).map { i in
          // Rows past the total are marked in the states.
          i / width >= total && table == 2 ? -1 : second[i / width] ? b.values[i] : a.values[i]
        })
    }
  }

  package func defined(_ outputs: [Reference]) -> [[Bool]?] {
    let rows = outputs[2].values.map { $0 >= 0 }
    return outputs.map { output in
      rows.flatMap { Array(repeating: $0, count: output.type.count / max(rows.count, 1)) }
    }
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 0, bytes: 2 * outputs.bytes)
  }

  private var operands: glint_better_fit_operands {
    glint_better_fit_operands(
      total: .input(0),
      theta_a: .input(1), iterations_a: .input(2), state_a: .input(3), bound_a: .input(4),
      deviance_a: .input(5), chi_square_a: .input(6),
      theta_b: .input(7), iterations_b: .input(8), state_b: .input(9), bound_b: .input(10),
      deviance_b: .input(11), chi_square_b: .input(12),
      theta: .output(0), iterations: .output(1), state: .output(2), bound: .output(3),
      deviance: .output(4), chi_square: .output(5))
  }

  private func kernelParameters(_ site: Site) -> glint_better_params {
    glint_better_params(capacity: Int32(site.inputs[2].shape[0]))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("rows") { site in
      CPULaunch(
        glint_cpu_better_fit, kernelParameters(site), operands,
        items: .counted(.input(0), limit: site.inputs[2].shape[0]), grain: 4096)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      OpenCLLaunch(
        glint_opencl_better_fit, kernelParameters(site), operands,
        items: site.inputs[2].shape[0])
    }
  }

  package static var samples: [Sample] {
    [(1, 1, true), (17, 13, true), (70, 90, false), (3, 0, false)].map { capacity, total, tiny in
      var generator = SampleGenerator(seed: 77)
      func table(_ type: TensorType, _ range: ClosedRange<Int>) -> Reference {
        Reference(
          type, (0..<type.count).map { _ in Double(Int.random(in: range, using: &generator)) })
      }
      var fits: [Reference] = []
      for _ in 0..<2 {
        for (i, type) in types(capacity).enumerated() {
          fits.append(table(type, i == 2 ? 0...4 : 0...50))
        }
        if capacity > 5 { fits[fits.count - 2].values[5] = .nan }
      }
      return Sample(
        BetterFit(), [Reference(TensorType(.int32, 1), [Double(total)])] + fits, .exact, tiny: tiny)
    }
  }
}
