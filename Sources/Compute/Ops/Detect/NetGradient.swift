import CPUKernels

/// Picasso's measure of a spot: the sum of the gradients in a box that point to its centre.
///
/// Inputs: frames float32 [frames, height, width]; index int32 [frames, room] and count int32
/// [frames] of `LocalMaxima`; optionally weights float32 [height, width], by which the result is
/// multiplied. Output: float32 [frames, room], undefined past the count: the sum
/// over the box without its centre of (f[y+1] − f[y−1], f[x+1] − f[x−1]) · unit vector towards the
/// centre, in the unit of the frames (Picasso's thresholds are in camera counts). A pixel beyond the
/// frame's edge is taken from the other side of the centre, so that a spot there has the net
/// gradient of a whole one. Picasso lists no maximum nearer than box/2 to an edge; at that distance
/// its index −1 takes a neighbour from the opposite edge.
package struct NetGradient: NotDifferentiable {
  package static let name = "net_gradient"
  /// Side, pixels, odd.
  package let box: Int

  package init(box: Int = 7) { self.box = box }

  package var parameters: String { "box \(box)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard [3, 4].contains(inputs.count), inputs[0].isFrames, inputs[1].element == .int32,
      inputs[1].shape.count == 2, inputs[1].shape[0] == inputs[0].shape[0],
      inputs[2] == TensorType(.int32, inputs[0].shape[0]),
      inputs.count == 3 || inputs[3] == TensorType(.float32, Array(inputs[0].shape[1...]))
    else {
      throw ShapeError(
        Self.name,
        "takes frames, their maxima's index and count and optionally weights, not \(inputs)")
    }
    guard box >= 3, box <= 101, box % 2 == 1 else {
      throw ShapeError(
        Self.name, "a box of \(box) pixels is not supported", hint: "use an odd side from 3 to 101")
    }
    return [TensorType(.float32, inputs[1].shape)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let (height, width) = (shape[1], shape[2])
    let room = inputs[1].type.shape[1]
    var result = [Double](repeating: .nan, count: shape[0] * room)
    func opposite(_ i: Int, _ centre: Int, _ n: Int) -> Int {
      Int(glint_opposite(Int32(i), Int32(centre), Int32(n)))
    }
    for frame in 0..<shape[0] {
      for entry in 0..<Int(inputs[2].values[frame]) {
        let index = Int(inputs[1].values[frame * room + entry])
        let (y, x) = (index / width, index % width)
        func pixel(_ v: Int, _ u: Int) -> Double {
          let row = opposite(v, y, height)
          return inputs[0].values[(frame * height + row) * width + opposite(u, x, width)]
        }
        var sum = 0.0
        for v in -(box / 2)...box / 2 {
          for u in -(box / 2)...box / 2 where v != 0 || u != 0 {
            let length = Double(v * v + u * u).squareRoot()
            let dy = pixel(y + v + 1, x + u) - pixel(y + v - 1, x + u)
            let dx = pixel(y + v, x + u + 1) - pixel(y + v, x + u - 1)
            sum -= (dy * Double(v) + dx * Double(u)) / length
          }
        }
        result[frame * room + entry] = sum * (inputs.count == 4 ? inputs[3].values[index] : 1)
      }
    }
    return [Reference(TensorType(.float32, shape[0], room), result)]
  }

  /// The reference has NaN where there is no maximum.
  package func defined(_ outputs: [Reference]) -> [[Bool]?] {
    [outputs[0].values.map { !$0.isNaN }]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 6 * box * box * outputs[0].count, bytes: inputs[0].bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_gradient_params {
    let shape = site.inputs[0].shape
    return glint_gradient_params(
      frames: Int32(shape[0]), height: Int32(shape[1]), width: Int32(shape[2]), box: Int32(box),
      capacity: Int32(site.inputs[1].shape[1]), has_weights: site.inputs.count == 4 ? 1 : 0)
  }

  private func operands(_ site: Site) -> glint_net_gradient_operands {
    glint_net_gradient_operands(
      images: .input(0), weights: site.inputs.count == 4 ? .input(3) : .none, indices: .input(1),
      counts: .input(2), values: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("lanes") { site in
      let block = Int(GLINT_GRADIENT_ENTRIES)
      let blocks = (site.inputs[1].shape[1] + block - 1) / block
      return CPULaunch(
        glint_cpu_net_gradient, kernelParameters(site), operands(site),
        items: .fixed(site.inputs[0].shape[0] * blocks), grain: 4,
        scratch: glint_gradient_scratch(Int32(box)))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      OpenCLLaunch(
        glint_opencl_net_gradient, kernelParameters(site), operands(site),
        items: site.inputs[1].count)
    }
  }

  package static var samples: [Sample] {
    func sample(_ box: Int, _ shape: [Int], weights: Bool = false) -> Sample {
      let frames = Reference.random(shape, 0...1000, seed: 61)
      let maxima = LocalMaxima(radius: box / 2).reference([frames])
      let map = Reference.random(Array(shape[1...]), 0.5...1, seed: 62)
      return Sample(
        NetGradient(box: box), [frames, maxima[0], maxima[2]] + (weights ? [map] : []),
        note: weights ? "weights" : "", .absolute(Double(4 * box * box) * 1000 * 0x1p-24),
        tiny: frames.values.count < 500)
    }
    return [
      sample(3, [1, 5, 5]), sample(3, [2, 13, 17]), sample(7, [2, 40, 65], weights: true),
      sample(5, [1, 4, 9], weights: true),
    ]
  }
}
