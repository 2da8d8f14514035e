import CPUKernels

/// Emitter probability collected from neighbouring pixels at one of them (spatial integration of
/// DECODE, Speiser et al. 2021).
///
/// Input and output: probability [frames, height, width, 1]. At maxima of 3×3 windows above
/// `threshold`, and at other pixels above `adjacent` (two emitters side by side), the output is the
/// sum of the pixel and its four neighbours, at most 1; elsewhere it is 0. Equal maxima are all
/// kept.
package struct IntegrateProbability: NotDifferentiable {
  package static let name = "integrate probability"
  package let threshold: Float
  package let adjacent: Float

  package init(threshold: Float = 0.1, adjacent: Float = 0.6) {
    self.threshold = threshold
    self.adjacent = adjacent
  }

  package var parameters: String { ">\(threshold), >\(adjacent)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].shape.count == 4, inputs[0].channels == 1,
      inputs[0].element == .float32
    else {
      throw ShapeError(Self.name, "takes a probability [frames×height×width×1], not \(inputs)")
    }
    return inputs
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let (height, width) = (shape[1], shape[2])
    var result = [Double](repeating: 0, count: inputs[0].values.count)
    for index in result.indices {
      let (y, x) = (index / width % height, index % width)
      func near(_ v: Int, _ u: Int) -> Double {
        guard (0..<height).contains(y + v), (0..<width).contains(x + u) else { return 0 }
        return inputs[0].values[index + v * width + u]
      }
      let own = near(0, 0)
      let most = (-1...1).allSatisfy { v in (-1...1).allSatisfy { near(v, $0) <= own } }
      guard own > Double(threshold), most || own > Double(adjacent) else { continue }
      result[index] = min(own + near(-1, 0) + near(1, 0) + near(0, -1) + near(0, 1), 1)
    }
    return [Reference(inputs[0].type, result)]
  }

  private func kernelParameters(_ site: Site) -> glint_list_params {
    let shape = site.inputs[0].shape
    return glint_list_params(
      rows: Int32(shape[0] * shape[1]), height: Int32(shape[1]), width: Int32(shape[2]),
      channels: 1, room: 0, radius: 1, threshold: threshold, second: adjacent)
  }

  private var operands: glint_integrate_probability_operands {
    glint_integrate_probability_operands(probability: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("rows") { site in
      let parameters = kernelParameters(site)
      return CPULaunch(
        glint_cpu_integrate_probability, parameters, operands,
        items: .fixed(Int(parameters.rows)), grain: 8)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_integrate_probability, operands, kernelParameters)]
  }

  package static var samples: [Sample] {
    [[1, 1, 1, 1], [2, 3, 5, 1], [1, 13, 17, 1]].map {
      Sample(
        IntegrateProbability(threshold: 0.3), [.random($0, 0...0.9)], .roundings(4), tiny: true)
    }
  }
}
