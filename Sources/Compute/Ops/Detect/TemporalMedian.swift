import CPUKernels

/// Each frame minus the median of the frames around it, pixel by pixel, at least zero.
///
/// Input: float32 [frames, height, width]. Output: float32 [count, height, width] for the input
/// frames `first ..< first + count`; windows of `window` (odd) frames are clipped at the ends of
/// the input. The median of an even number is the mean of the middle two. NaN counts as largest in
/// a window, and a NaN pixel stays NaN. Picasso's prefilter with its 51 frames: for detecting
/// spots, not for fitting.
package struct TemporalMedian: NotDifferentiable {
  package static let name = "temporal_median"
  package let window: Int
  package let first: Int
  package let count: Int

  /// - Parameters:
  ///   - window: frames in the median, odd.
  ///   - first: the input frame that becomes output frame 0.
  ///   - count: output frames.
  package init(window: Int = 51, first: Int, count: Int) {
    self.window = window
    self.first = first
    self.count = count
  }

  package var parameters: String { "\(window) at \(first)+\(count)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].isFrames else {
      throw ShapeError(Self.name, "takes frames float32 [frames×height×width], not \(inputs)")
    }
    guard window > 0, window % 2 == 1, window <= 1001 else {
      throw ShapeError(
        Self.name, "a window of \(window) frames is not supported",
        hint: "use an odd number up to 1001")
    }
    let shape = inputs[0].shape
    guard first >= 0, count > 0, first + count <= shape[0] else {
      throw ShapeError(
        Self.name, "frames \(first)..<\(first + count) are requested, the input has \(shape[0])")
    }
    return [TensorType(.float32, count, shape[1], shape[2])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let size = shape[1] * shape[2]
    let values = (0..<count * size).map { index -> Double in
      let frame = first + index / size
      let span = max(frame - window / 2, 0)...min(frame + window / 2, shape[0] - 1)
      let sorted = span.map { other -> Double in
        let value = inputs[0].values[other * size + index % size]
        return value.isNaN ? .infinity : value
      }.sorted()
      let median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
      let value = inputs[0].values[frame * size + index % size]
      return value.isNaN ? value : value > median ? value - median : 0
    }
    return [Reference(TensorType(.float32, count, shape[1], shape[2]), values)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 4 * window * outputs[0].count, bytes: inputs[0].bytes + outputs[0].bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_median_params {
    let shape = site.inputs[0].shape
    return glint_median_params(
      pixels: Int32(shape[1] * shape[2]), input_frames: Int32(shape[0]),
      first_output: Int32(first), output_frames: Int32(count), window: Int32(window))
  }

  private var operands: glint_temporal_median_operands {
    glint_temporal_median_operands(frames: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("window") { site in
      let pixels = site.inputs[0].shape[1] * site.inputs[0].shape[2]
      let block = Int(GLINT_MEDIAN_PIXELS)
      return CPULaunch(
        glint_cpu_temporal_median, kernelParameters(site), operands,
        items: .fixed((pixels + block - 1) / block),
        scratch: glint_median_scratch(Int32(window)))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      OpenCLLaunch(
        glint_opencl_temporal_median, defines: ["WINDOW": "\(window)"],
        kernelParameters(site), operands,
        items: site.inputs[0].shape[1] * site.inputs[0].shape[2])
    }
  }

  package static var samples: [Sample] {
    func sample(_ shape: [Int], _ op: TemporalMedian, note: String = "") -> Sample {
      Sample(
        op, [.random(shape, -20...100, seed: 41)], note: note, .roundings(2),
        tiny: shape.reduce(1, *) * op.window < 2000)
    }
    var holed = Reference.random([9, 3, 5], 0...3, seed: 42)
    for place in stride(from: 0, to: holed.values.count, by: 7) { holed.values[place] = .nan }
    return [
      sample([1, 1, 1], TemporalMedian(window: 51, first: 0, count: 1)),
      sample([7, 3, 5], TemporalMedian(window: 3, first: 0, count: 7)),
      sample([9, 5, 13], TemporalMedian(window: 5, first: 2, count: 5)),
      sample([6, 2, 3], TemporalMedian(window: 1, first: 1, count: 4)),
      sample([80, 13, 17], TemporalMedian(window: 51, first: 0, count: 80), note: "both ends"),
      sample([70, 8, 9], TemporalMedian(window: 51, first: 25, count: 20), note: "halo"),
      Sample(
        TemporalMedian(window: 5, first: 0, count: 9), [holed], note: "NaN", .roundings(2)),
    ]
  }
}
