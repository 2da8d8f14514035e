import CPUKernels

/// Pixels that are the maximum of their window, as an ordered list for each frame.
///
/// Inputs: float32 [frames, height, width]; optionally weights float32 [height, width]. Outputs: index int32 [frames, room] (y·width + x,
/// ascending), value float32 [frames, room], count int32 [frames]; entries past the count are
/// undefined. The window has 2·radius + 1 pixels a side and is clipped at the frame's edges.
/// Values are multiplied by the weights afterwards. Of equal pixels the first in row-major order
/// wins, as in an argmax. NaN is never a maximum and never hides one. Two maxima are more than
/// `radius` apart along an axis, so `room` = ⌈height/(radius+1)⌉·⌈width/(radius+1)⌉ is always
/// enough.
package struct LocalMaxima: NotDifferentiable {
  package static let name = "local_maxima"
  package let radius: Int

  package init(radius: Int) { self.radius = radius }

  package var parameters: String { "radius \(radius)" }

  private func room(_ length: Int) -> Int { (length + radius) / (radius + 1) }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard [1, 2].contains(inputs.count), inputs[0].isFrames,
      inputs.count == 1 || inputs[1] == TensorType(.float32, Array(inputs[0].shape[1...]))
    else {
      throw ShapeError(
        Self.name,
        "takes frames float32 [frames×height×width] and optionally weights, not \(inputs)")
    }
    let shape = inputs[0].shape
    guard (1...Int(GLINT_MAXIMA_RADIUS)).contains(radius) else {
      throw ShapeError(
        Self.name, "a radius of \(radius) pixels is out of range",
        hint: "use a radius of 1 to \(GLINT_MAXIMA_RADIUS)")
    }
    let list = [shape[0], room(shape[1]) * room(shape[2])]
    return [
      TensorType(.int32, list), TensorType(.float32, list), TensorType(.int32, shape[0]),
    ]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let (height, width) = (shape[1], shape[2])
    let room = room(height) * room(width)
    var index = [Double](repeating: -1, count: shape[0] * room)
    var value = [Double](repeating: .nan, count: shape[0] * room)
    var count = [Double](repeating: 0, count: shape[0])
    for frame in 0..<shape[0] {
      func pixel(_ y: Int, _ x: Int) -> Double {
        let value = inputs[0].values[(frame * height + y) * width + x]
        return value.isNaN ? -.infinity : value
      }
      for y in 0..<height {
        for x in 0..<width {
          let own = pixel(y, x)
          let rows = max(y - radius, 0)...min(y + radius, height - 1)
          let columns = max(x - radius, 0)...min(x + radius, width - 1)
          let stands = rows.allSatisfy { v in
            columns.allSatisfy { u in (v, u) < (y, x) ? own > pixel(v, u) : own >= pixel(v, u) }
          }
          guard own > -.infinity, stands else { continue }
          let entry = frame * room + Int(count[frame])
          index[entry] = Double(y * width + x)
          value[entry] = own * (inputs.count == 2 ? inputs[1].values[y * width + x] : 1)
          count[frame] += 1
        }
      }
    }
    return [
      Reference(TensorType(.int32, shape[0], room), index),
      Reference(TensorType(.float32, shape[0], room), value),
      Reference(TensorType(.int32, shape[0]), count),
    ]
  }

  package func defined(_ outputs: [Reference]) -> [[Bool]?] {
    let listed = outputs[0].values.map { $0 >= 0 }
    return [listed, listed, nil]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 8 * inputs[0].count, bytes: inputs[0].bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_maxima_params {
    let shape = site.inputs[0].shape
    return glint_maxima_params(
      frames: Int32(shape[0]), height: Int32(shape[1]), width: Int32(shape[2]),
      radius: Int32(radius), has_weights: site.inputs.count == 2 ? 1 : 0,
      row_capacity: Int32(room(shape[2])),
      capacity: Int32(room(shape[1]) * room(shape[2])))
  }

  /// The columns of each row's maxima, and their number.
  private func workspace(_ shape: [Int]) -> [TensorType] {
    [
      TensorType(.int32, shape[0] * shape[1], room(shape[2])),
      TensorType(.int32, shape[0], shape[1]),
    ]
  }

  private let rows = glint_local_maxima_rows_operands(
    images: .input(0), columns: .workspace(0), counts: .workspace(1))

  private func lists(_ site: Site) -> glint_local_maxima_list_operands {
    glint_local_maxima_list_operands(
      images: .input(0), weights: site.inputs.count == 2 ? .input(1) : .none,
      columns: .workspace(0), row_counts: .workspace(1), indices: .output(0), values: .output(1),
      counts: .output(2))
  }

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("rows") { site in
        let shape = site.inputs[0].shape
        return .launches(
          [
            CPULaunch(
              glint_cpu_local_maxima_rows, kernelParameters(site), rows,
              items: .fixed(shape[0] * shape[1]), grain: 64,
              scratch: glint_maxima_scratch(Int32(shape[2]), Int32(radius))),
            CPULaunch(
              glint_cpu_local_maxima_list, kernelParameters(site), lists(site),
              items: .fixed(shape[0])),
          ], workspace: workspace(shape))
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("group") { site in
        let shape = site.inputs[0].shape
        return .launches(
          [
            OpenCLLaunch(
              glint_opencl_local_maxima_rows, kernelParameters(site), rows,
              items: shape[0] * shape[1], global: [shape[0] * shape[1] * 64]),
            OpenCLLaunch(
              glint_opencl_local_maxima_list, kernelParameters(site), lists(site),
              items: shape[0], global: [shape[0] * 64]),
          ], workspace: workspace(shape))
      }
    ]
  }

  package static var samples: [Sample] {
    func sample(
      _ radius: Int, _ frames: Reference, weights: Bool = false, note: String = ""
    ) -> Sample {
      let (height, width) = (frames.type.shape[1], frames.type.shape[2])
      return Sample(
        LocalMaxima(radius: radius),
        [frames] + (weights ? [.random([height, width], 0.5...1, seed: 53)] : []), note: note,
        .exact, .roundings(1), .exact, tiny: frames.values.count < 400)
    }
    var holed = Reference.random([2, 20, 37], 0...1, seed: 52)
    for place in stride(from: 0, to: holed.values.count, by: 5) { holed.values[place] = .nan }
    for place in stride(from: 1, to: holed.values.count, by: 9) { holed.values[place] = -.infinity }
    let flat = Reference(TensorType(.float32, 1, 13, 19), Array(repeating: 3, count: 247))
    return [
      sample(1, .random([1, 1, 1], 0...1)), sample(3, .random([2, 3, 3], 0...1)),
      sample(1, .random([2, 13, 17], 0...1)), sample(3, .random([1, 17, 13], 0...1)),
      sample(2, .random([1, 63, 65], 0...1)), sample(4, .random([3, 65, 129], 0...1)),
      sample(20, .random([1, 40, 90], 0...1)), sample(2, .random([1, 17, 30], 0...1)),
      sample(1, .random([1, 9, 16], 0...1), weights: true, note: "weights"),
      sample(1, .random([1, 9, 18], 0...1)),
      sample(1, .random([2, 31, 33], 0...3, element: .int32).asFloat, note: "ties"),
      sample(3, flat, note: "flat"), sample(2, holed, note: "NaN"),
    ]
  }
}

extension Reference {
  /// The same values as float32.
  var asFloat: Reference { Reference(TensorType(.float32, type.shape), values) }
}
