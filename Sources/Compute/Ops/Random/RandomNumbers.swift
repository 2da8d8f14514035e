import CPUKernels

/// Random numbers that depend only on seed, step, stream and position, so that every device draws
/// the same bits and a run can resume at any step.
///
/// Inputs: the clock, int32 [3]: lower and upper half of the seed, and the step; for Poisson and
/// gamma numbers also float32 parameters. Output: float32. Each number uses words of Philox-4x32-10
/// with the seed as key and (position, trial, step, stream) as counter.
package struct RandomNumbers: NotDifferentiable {
  package static let name = "random numbers"
  package static let obstacle = "a random number does not follow its parameter smoothly"

  package enum Distribution: Hashable, Sendable {
    /// In [0, 1), multiples of 2⁻²⁴; with this shape.
    case uniform([Int])
    /// Mean 0 and variance 1 (Box and Muller 1958); with this shape.
    case normal([Int])
    /// Integers whose means are the second input: means below 10 by inversion, above by PTRS
    /// (Hörmann 1993). A mean that is not positive gives 0, NaN gives NaN. Means up to 2²².
    case poisson
    /// Numbers of scale 1 whose shape parameters are the second input (Marsaglia and Tsang 2000). A
    /// shape parameter that is not positive gives 0, NaN gives NaN. For values below 0.1, numbers
    /// that would be below 10⁻³⁸ are clamped near it.
    case gamma

    var label: String {
      switch self {
      case .uniform(let shape): "uniform \(shape.map(String.init).joined(separator: "×"))"
      case .normal(let shape): "normal \(shape.map(String.init).joined(separator: "×"))"
      case .poisson: "Poisson"
      case .gamma: "gamma"
      }
    }

    var code: Int {
      switch self {
      case .uniform: glint_random_uniform
      case .normal: glint_random_normal
      case .poisson: glint_random_poisson
      case .gamma: glint_random_gamma
      }
    }

    /// The shape, if no input determines it.
    var shape: [Int]? {
      switch self {
      case .uniform(let shape), .normal(let shape): shape
      case .poisson, .gamma: nil
      }
    }
  }

  package let distribution: Distribution
  /// Distinguishes the generators of one graph.
  package let stream: UInt32

  package init(_ distribution: Distribution, stream: UInt32) {
    self.distribution = distribution
    self.stream = stream
  }

  /// The clock input for a step.
  package static func clock(seed: UInt64, step: Int) -> [Int32] {
    [
      Int32(truncatingIfNeeded: seed), Int32(truncatingIfNeeded: seed >> 32),
      Int32(truncatingIfNeeded: step),
    ]
  }

  package var parameters: String { "\(distribution.label) stream \(stream)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let wanted = distribution.shape == nil ? 2 : 1
    guard inputs.count == wanted, inputs[0] == TensorType(.int32, 3),
      inputs.dropFirst().allSatisfy({ $0.element == .float32 })
    else {
      throw ShapeError(
        Self.name,
        "takes a clock int32[3]" + (wanted == 2 ? " and float32 parameters" : "")
          + ", not \(inputs)")
    }
    let shape = distribution.shape ?? inputs[1].shape
    guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) <= Int(Int32.max) else {
      throw ShapeError(Self.name, "a tensor of shape \(shape) is not possible")
    }
    return [TensorType(.float32, shape)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let clock = inputs[0].values.map { UInt32(truncatingIfNeeded: Int($0)) }
    let type = TensorType(.float32, distribution.shape ?? inputs[1].type.shape)
    let values = (0..<type.count).map { place -> Double in
      let source = RandomSource(
        place: UInt32(truncatingIfNeeded: place), step: clock[2], stream: stream,
        key: SIMD2(clock[0], clock[1]))
      switch distribution {
      case .uniform: return Double(Philox.fraction(source.block(0).x))
      case .normal: return source.normal(0)
      case .poisson: return source.poisson(mean: inputs[1].values[place])
      case .gamma: return source.gamma(shape: inputs[1].values[place])
      }
    }
    return [Reference(type, values)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 100 * outputs[0].count, bytes: (inputs + outputs).bytes)
  }

  private var kernelParameters: glint_random_params {
    glint_random_params(kind: Int32(distribution.code), stream: stream)
  }

  private var operands: glint_random_operands {
    glint_random_operands(
      clock: .input(0), parameter: distribution.shape == nil ? .input(1) : .none, out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("vector") { site in
      CPULaunch(
        glint_cpu_random, kernelParameters, operands, items: .fixed(site.outputs[0].count),
        grain: 1024)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      OpenCLLaunch(
        glint_opencl_random,
        defines: [
          "KIND": "\(distribution.code)",
          "HAS_PARAMETER": distribution.shape == nil ? "1" : "0",
        ], kernelParameters, operands, items: site.outputs[0].count)
    }
  }

  package static var samples: [Sample] {
    let clock = Reference(
      Tensor(clock(seed: 0x1234_5678_9ABC_DEF0, step: 12345), shape: [3]))
    // Rounding may change the outcome of a comparison, so one number in a thousand may differ from
    // the reference; all devices still agree.
    func drawn(
      _ distribution: Distribution, _ values: [Reference], _ note: String, _ tolerance: Tolerance
    ) -> Sample {
      Sample(
        RandomNumbers(distribution, stream: 3), [clock] + values, note: note, tolerance,
        tiny: (values.first?.values.count ?? 0) < 300)
    }
    func parameters(_ range: ClosedRange<Double>, _ count: Int) -> (Reference, String) {
      (.random([count], range), "\(range)")
    }
    let plain: [Sample] = [[1], [3, 5, 17], [1027]].flatMap { shape in
      [
        drawn(.uniform(shape), [], "", .exact),
        drawn(.normal(shape), [], "", .absolute(4e-6)),
      ]
    }
    let means = [
      parameters(0...12, 211), parameters(0.1...9, 5000), parameters(10...40, 5000),
      parameters(100...1e4, 2000), parameters(1e5...4e6, 500),
    ]
    let poisson = means.map { drawn(.poisson, [$0], $1, .absolute(0.5, share: 0.999)) }
    let shapes = [
      parameters(0.2...3, 211), parameters(0.05...0.9, 3000), parameters(1...40, 3000),
      parameters(100...1e5, 1000),
    ]
    let gamma = shapes.map { drawn(.gamma, [$0], $1, .relative(3e-5, share: 0.999)) }
    let edges = Reference(
      Tensor([0, -1, .nan, 1e-30, 0.5, 9.999999, 10, 1, 3, 0.01], shape: [2, 5]))
    return plain + poisson + gamma + [
      drawn(.poisson, [edges], "edges", .absolute(0.5)),
      drawn(.gamma, [edges], "edges", .absolute(1e-4)),
    ]
  }
}
