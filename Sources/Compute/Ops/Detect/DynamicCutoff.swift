import CPUKernels

/// A threshold that adapts to each frame: median + factor · (q₈₀ − q₂₀) / 0.6 of its local maxima.
///
/// Inputs: value float32 [frames, room] and count int32 [frames] of `LocalMaxima`. Output: float32
/// [frames]; +∞ for a frame without maxima. The quantile q of n sorted values is at (n − 1)·q, with
/// linear interpolation. Most maxima are noise, so this noise level depends little on the molecules
/// (SMAP: Ries, Nat. Methods 2020; factor 1.7, usually 1.5 to 2).
package struct DynamicCutoff: NotDifferentiable {
  package static let name = "dynamic_cutoff"
  package let factor: Float

  package init(factor: Float = 1.7) { self.factor = factor }

  package var parameters: String { "×\(factor)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs[0].element == .float32, inputs[0].shape.count == 2,
      inputs[1] == TensorType(.int32, inputs[0].shape[0])
    else {
      throw ShapeError(Self.name, "takes maxima's value and count, not \(inputs)")
    }
    return [TensorType(.float32, inputs[0].shape[0])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let room = inputs[0].type.shape[1]
    let cutoffs = inputs[1].values.enumerated().map { frame, count -> Double in
      let sorted = inputs[0].values[frame * room..<frame * room + Int(count)].sorted()
      guard !sorted.isEmpty else { return .infinity }
      func quantile(_ percent: Int) -> Double {
        let place = (sorted.count - 1) * percent
        let next = min(place / 100 + 1, sorted.count - 1)
        return sorted[place / 100] + Double(place % 100) / 100
          * (sorted[next] - sorted[place / 100])
      }
      return quantile(50) + Double(factor) * (quantile(80) - quantile(20)) / 0.6
    }
    return [Reference(TensorType(.float32, cutoffs.count), cutoffs)]
  }

  private func kernelParameters(_ site: Site) -> glint_dynamic_cutoff_params {
    glint_dynamic_cutoff_params(
      frames: Int32(site.inputs[0].shape[0]), capacity: Int32(site.inputs[0].shape[1]),
      scale: Float(Double(factor) / 0.6))
  }

  private let operands = glint_dynamic_cutoff_operands(
    lists: .input(0), counts: .input(1), cutoff: .output(0))

  package var cpu: [Candidate<CPULaunch>] {
    .only("frames") { site in
      CPULaunch(
        glint_cpu_dynamic_cutoff, kernelParameters(site), operands,
        items: .fixed(site.inputs[0].shape[0]))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("group") { site in
      let frames = site.inputs[0].shape[0]
      return OpenCLLaunch(
        glint_opencl_dynamic_cutoff, kernelParameters(site), operands, items: frames,
        global: [frames * 64])
    }
  }

  package static var samples: [Sample] {
    func sample(
      _ room: Int, _ counts: [Int], _ range: ClosedRange<Double>, note: String = ""
    ) -> Sample {
      Sample(
        DynamicCutoff(),
        [
          .random([counts.count, room], range, seed: 71),
          Reference(TensorType(.int32, counts.count), counts.map(Double.init)),
        ], note: note, .absolute(range.upperBound * 32 * 0x1p-24), tiny: room < 200)
    }
    return [
      sample(1, [1, 0], 0...10), sample(13, [13, 2, 3, 7, 0], -5...10, note: "signs"),
      sample(130, [64, 130, 65], 0...1), sample(700, [699, 512], -1000...1000),
      Sample(
        DynamicCutoff(factor: 2),
        [
          Reference(TensorType(.float32, 1, 40), Array(repeating: 7, count: 40)),
          Reference(TensorType(.int32, 1), [40]),
        ], note: "equal", .exact, tiny: true),
    ]
  }
}
