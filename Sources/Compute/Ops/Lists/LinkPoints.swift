import CPUKernels

/// Merges points of a frame that are connected by chains of near neighbours, one point per chain
/// (post-processing of DeepLOCO, Boyd et al. 2018).
///
/// Inputs: points float32 [frames, points, 3] (x, y, z), weights [frames, points]. Outputs of the
/// same shapes: at the index of each chain's first point the weighted mean and the summed weight;
/// elsewhere zeros. Points below the minimum weight are ignored.
package struct LinkPoints: NotDifferentiable {
  package static let name = "link points"
  /// The largest distance between neighbours, in units of x and y.
  package let reach: Float
  /// Factor that converts z to the unit of x for distances.
  package let zScale: Float
  package let least: Float

  package init(reach: Float, zScale: Float = 1, least: Float = 0) {
    self.reach = reach
    self.zScale = zScale
    self.least = least
  }

  package var parameters: String { "reach \(reach), z ·\(zScale), ≥\(least)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.element == .float32 }),
      inputs[1].shape.count == 2, inputs[0].shape == inputs[1].shape + [3]
    else {
      throw ShapeError(
        Self.name, "takes points [frames×points×3] and weights [frames×points], not \(inputs)")
    }
    return inputs
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (frames, count) = (inputs[1].type.shape[0], inputs[1].type.shape[1])
    var joined = [Double](repeating: 0, count: frames * count * 3)
    var sums = [Double](repeating: 0, count: frames * count)
    for frame in 0..<frames {
      let points = (0..<count).map { index in
        (0..<3).map { inputs[0].values[(frame * count + index) * 3 + $0] }
      }
      let weights = Array(inputs[1].values[frame * count..<(frame + 1) * count])
      func near(_ a: Int, _ b: Int) -> Bool {
        let scale: [Double] = [1, 1, Double(zScale)]
        var square = 0.0
        for k in 0..<3 {
          let step = (points[a][k] - points[b][k]) * scale[k]
          square += step * step
        }
        return square <= Double(reach) * Double(reach)
      }
      var left = (0..<count).filter { weights[$0] >= Double(least) }
      while let first = left.first {
        var chain = [first]
        left.removeFirst()
        var next = 0
        while next < chain.count {
          let own = chain[next]
          chain += left.filter { near(own, $0) }
          left.removeAll { near(own, $0) }
          next += 1
        }
        let sum = chain.reduce(0) { $0 + weights[$1] }
        sums[frame * count + first] = sum
        guard sum > 0 else { continue }
        for k in 0..<3 {
          joined[(frame * count + first) * 3 + k] =
            chain.reduce(0) { $0 + weights[$1] * points[$1][k] } / sum
        }
      }
    }
    return [Reference(inputs[0].type, joined), Reference(inputs[1].type, sums)]
  }

  private func kernelParameters(_ site: Site) -> glint_link_params {
    glint_link_params(
      frames: Int32(site.inputs[1].shape[0]), points: Int32(site.inputs[1].shape[1]),
      reach: reach * reach, scale_x: 1, scale_y: 1, scale_z: zScale, least: least)
  }

  private let operands = glint_link_points_operands(
    points: .input(0), weights: .input(1), joined: .output(0), sums: .output(1),
    labels: .workspace(0))

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("frames") { site in
        .launches(
          [
            CPULaunch(
              glint_cpu_link_points, kernelParameters(site), operands,
              items: .fixed(site.inputs[1].shape[0]), grain: 8)
          ], workspace: [TensorType(.int32, site.inputs[1].shape)])
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("frames") { site in
        .launches(
          [
            OpenCLLaunch(
              glint_opencl_link_points, kernelParameters(site), operands,
              items: site.inputs[1].shape[0])
          ], workspace: [TensorType(.int32, site.inputs[1].shape)])
      }
    ]
  }

  package static var samples: [Sample] {
    [(1, 1, 0.1), (3, 17, 0.25), (2, 64, 0.12)].map { frames, points, reach in
      Sample(
        LinkPoints(reach: Float(reach), zScale: 0.2, least: 0.1),
        [
          .random([frames, points, 3], 0...1, seed: 1), .random([frames, points], 0...1, seed: 2),
        ],
        .roundings(64), tiny: points < 20)
    }
  }
}
