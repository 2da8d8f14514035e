import CPUKernels

/// Windows of a map, each at a place of its own.
///
/// Inputs: map [rows, columns]; corner [windows, 2], x and y as shares of the possible places: 0 is
/// the first, and just below 1 the last. Output: [windows, height, width, 1].
package struct CutWindows: NotDifferentiable {
  package static let name = "cut windows"
  package static let obstacle = "a map is data"
  package let height: Int
  package let width: Int

  package init(height: Int, width: Int) {
    precondition(height > 0 && width > 0, "a window has pixels")
    self.height = height
    self.width = width
  }

  package var parameters: String { "\(height)×\(width)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.element == .float32 && $0.shape.count == 2 }),
      inputs[0].shape[0] >= height, inputs[0].shape[1] >= width, inputs[1].shape[1] == 2
    else {
      throw ShapeError(
        Self.name, "takes a map of at least \(parameters) and corners [windows×2], not \(inputs)")
    }
    return [TensorType(.float32, inputs[1].shape[0], height, width, 1)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (rows, columns) = (inputs[0].type.shape[0], inputs[0].type.shape[1])
    // In single precision, because the next whole number may be another pixel.
    func first(_ share: Double, _ last: Int) -> Int {
      min(max(Int((Float(share) * Float(last + 1)).rounded(.down)), 0), last)
    }
    let windows = inputs[1].type.shape[0]
    let values = (0..<windows * height).flatMap { line in
      let window = line / height
      let left = first(inputs[1].values[2 * window], columns - width)
      let row = first(inputs[1].values[2 * window + 1], rows - height) + line % height
      return inputs[0].values[row * columns + left..<row * columns + left + width]
    }
    return [Reference(TensorType(.float32, windows, height, width, 1), values)]
  }

  private func kernelParameters(_ site: Site) -> glint_windows_params {
    let map = site.inputs[0].shape
    return glint_windows_params(
      map_height: Int32(map[0]), map_width: Int32(map[1]), height: Int32(height),
      width: Int32(width))
  }

  private var operands: glint_cut_windows_operands {
    glint_cut_windows_operands(map: .input(0), corner: .input(1), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("lines") { site in
      CPULaunch(
        glint_cpu_cut_windows, kernelParameters(site), operands,
        items: .fixed(site.inputs[1].shape[0] * height), grain: 64)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_cut_windows, operands, kernelParameters)]
  }

  package static var samples: [Sample] {
    [([1, 1], 1, 1, 1), ([13, 17], 13, 17, 3), ([19, 16], 5, 7, 9)].map {
      map, height, width, count in
      // Some shares lie outside, as the places at the ends.
      Sample(
        CutWindows(height: height, width: width),
        [.random(map, 0...9, seed: 1), .random([count, 2], -0.2...1.2, seed: 2)], .exact,
        tiny: true)
    }
  }
}
