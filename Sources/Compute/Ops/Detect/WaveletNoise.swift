import CPUKernels

/// Noise of each frame, the unit of a wavelet threshold: 1.4826 times the median of the magnitudes.
///
/// Input: float32 [frames, height, width], `Wavelet`'s second output. Output: float32 [frames]. For
/// normally distributed values this is the standard deviation, but a hot pixel, a bead or the
/// molecules hardly change it (Donoho & Johnstone, Biometrika 1994; Starck & Murtagh, PASP 1998).
/// Of an even number the lower of the middle two counts. Pixels that are not finite are ignored, as
/// are those that are 0: they belong to flat parts of a frame (masked, clipped or dark), which have
/// no noise. The result is at least `least`, also for a flat frame; a frame without a finite pixel
/// gets +∞.
package struct WaveletNoise: NotDifferentiable {
  package static let name = "wavelet_noise"

  /// The noise that is always there, for example of rounding to digital numbers.
  package let least: Float

  package init(least: Float = 0) { self.least = least }

  package var parameters: String { least > 0 ? "at least \(least)" : "" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].isFrames else {
      throw ShapeError(Self.name, "takes frames float32 [frames×height×width], not \(inputs)")
    }
    return [TensorType(.float32, inputs[0].shape[0])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let size = inputs[0].type.shape[1] * inputs[0].type.shape[2]
    let noise = (0..<inputs[0].type.shape[0]).map { frame -> Double in
      let pixels = inputs[0].values[frame * size..<(frame + 1) * size].filter(\.isFinite)
      let magnitudes = pixels.map(abs).filter { $0 > 0 }.sorted()
      guard !magnitudes.isEmpty else { return pixels.isEmpty ? .infinity : Double(least) }
      let median = Float(magnitudes[(magnitudes.count - 1) / 2])
      return Double(max(Float(GLINT_NOISE_PER_MEDIAN) * median, least))
    }
    return [Reference(TensorType(.float32, noise.count), noise)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    // Four comparisons with a count for each pixel.
    Work(flops: 8 * inputs[0].count, bytes: inputs[0].bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_noise_params {
    let shape = site.inputs[0].shape.map { Int32($0) }
    return glint_noise_params(
      frames: shape[0], height: shape[1], width: shape[2], least: least)
  }

  private var operands: glint_wavelet_noise_operands {
    glint_wavelet_noise_operands(images: .input(0), noise: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("frames") { site in
      CPULaunch(
        glint_cpu_wavelet_noise, kernelParameters(site), operands,
        items: .fixed(site.inputs[0].shape[0]),
        scratch: glint_noise_scratch(Int64(site.inputs[0].shape[1] * site.inputs[0].shape[2])))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("group") { site in
      let frames = site.inputs[0].shape[0]
      return OpenCLLaunch(
        glint_opencl_wavelet_noise, kernelParameters(site), operands,
        items: frames, global: [frames * Int(GLINT_NOISE_GROUP)], local: [Int(GLINT_NOISE_GROUP)])
    }
  }

  package static var samples: [Sample] {
    func sample(
      _ values: [Double], _ shape: [Int], least: Float = 0, note: String
    ) -> Sample {
      Sample(
        WaveletNoise(least: least), [Reference(TensorType(.float32, shape), values)], note: note,
        .exact,
        tiny: values.count < 300)
    }
    // From 8193 pixels on, the CPU selects with the help of a sample.
    let random = [
      [1, 1, 1], [1, 1, 2], [3, 3, 17], [2, 13, 63], [2, 4, 64], [1, 33, 65], [1, 64, 128],
      [2, 97, 131], [1, 200, 217],
    ].map {
      Sample(
        WaveletNoise(), [.random($0, -10...10, seed: 31)], .exact, tiny: $0.reduce(1, *) < 300)
    }
    var holed = Reference.random([3, 9, 20], -1...1, seed: 32).values
    for pixel in 180..<360 { holed[pixel] = .nan }
    holed[7] = .infinity
    holed[8] = .nan
    var masked = Reference.random([1, 97, 131], -3...3, seed: 33).values
    for pixel in 0..<9000 { masked[pixel] = 0 }
    for pixel in 9000..<9100 { masked[pixel] = .nan }
    let ties = Reference.random([1, 97, 131], 0...4, seed: 34).values.map { $0.rounded(.down) - 2 }
    return random + [
      sample(holed, [3, 9, 20], note: "NaN"),
      sample(Array(repeating: 2, count: 256), [1, 16, 16], note: "equal"),
      sample(Array(repeating: -2, count: 12_707), [1, 97, 131], note: "equal, large"),
      sample(Array(repeating: 0, count: 256), [1, 16, 16], note: "zero"),
      sample(Array(repeating: 0, count: 12_707), [1, 97, 131], note: "zero, large"),
      sample([0, 0, .nan, 0], [1, 2, 2], least: 0.25, note: "zero, at least"),
      sample([3, -4, 0.1, 0.1, .nan, .nan], [3, 1, 2], least: 2, note: "at least"),
      sample([0, -3, 1e-38, 3e38], [1, 2, 2], note: "extremes"),
      sample(masked, [1, 97, 131], note: "masked"),
      sample(ties, [1, 97, 131], note: "few values"),
      sample(misleading(1e-3), [1, 256, 256], note: "sample too low"),
      sample(misleading(1e3), [1, 256, 256], note: "sample too high"),
      sample(unlike([5, 9, 20]), [5, 9, 20], note: "unlike frames"),
      sample(unlike([5, 97, 131]), [5, 97, 131], note: "unlike frames"),
    ]
  }

  /// Frames whose noise rises and falls, so that one says nothing about the next; the middle one has none.
  private static func unlike(_ shape: [Int]) -> [Double] {
    let factors = [1, 1000, 0, 0.001, 1.3]
    let size = shape[1] * shape[2]
    return Reference.random(shape, -10...10, seed: 36).values.enumerated().map {
      Double(Float($1 * factors[$0 / size]))
    }
  }

  /// A frame of 256×256 pixels in which those that the CPU takes as a sample are `factor` times
  /// the others.
  private static func misleading(_ factor: Double) -> [Double] {
    var values = Reference.random([256, 256], -10...10, seed: 35).values
    for lanes in [4, 8, 16] {
      for chunk in 0..<UInt32(2048 / lanes) {
        let place = UInt64(chunk &* 0x9e37_79b1) * UInt64(values.count - lanes + 1) >> 32
        for pixel in Int(place)..<Int(place) + lanes where abs(values[pixel]) <= 10 {
          values[pixel] = Double(Float(values[pixel] * factor))
        }
      }
    }
    return values
  }
}
