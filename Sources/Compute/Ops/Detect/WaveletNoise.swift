import CPUKernels

/// Standard deviation (population) of each frame about its mean: the unit of a wavelet threshold.
///
/// Input: float32 [frames, height, width], `Wavelet`'s second output. Output: float32 [frames].
/// Pixels that are not finite are ignored; a frame with no finite pixel gets +∞.
package struct WaveletNoise: NotDifferentiable {
  package static let name = "wavelet_noise"

  package init() {}

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
      guard !pixels.isEmpty else { return .infinity }
      let mean = pixels.reduce(0, +) / Double(pixels.count)
      let sum = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (sum / Double(pixels.count)).squareRoot()
    }
    return [Reference(TensorType(.float32, noise.count), noise)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 3 * inputs[0].count, bytes: inputs[0].bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_noise_params {
    let shape = site.inputs[0].shape.map { Int32($0) }
    return glint_noise_params(frames: shape[0], height: shape[1], width: shape[2])
  }

  private var operands: glint_wavelet_noise_operands {
    glint_wavelet_noise_operands(images: .input(0), noise: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("frames") { site in
      CPULaunch(
        glint_cpu_wavelet_noise, kernelParameters(site), operands,
        items: .fixed(site.inputs[0].shape[0]))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("group") { site in
      let frames = site.inputs[0].shape[0]
      return OpenCLLaunch(
        glint_opencl_wavelet_noise, kernelParameters(site), operands,
        items: frames, global: [frames * Int(GLINT_SUMS)], local: [Int(GLINT_SUMS)])
    }
  }

  package static var samples: [Sample] {
    let random = [[1, 1, 2], [3, 3, 17], [2, 13, 63], [2, 4, 64], [1, 33, 65], [1, 70, 131]].map {
      Sample(
        WaveletNoise(), [.random($0, -10...10, seed: 31)], .relative(1e-5),
        tiny: $0.reduce(1, *) < 300)
    }
    var holed = Reference.random([3, 9, 20], -1...1, seed: 32)
    for pixel in 180..<360 { holed.values[pixel] = .nan }
    holed.values[7] = .infinity
    holed.values[8] = .nan
    let flat = Reference(TensorType(.float32, 1, 16, 16), Array(repeating: 2, count: 256))
    return random + [
      Sample(WaveletNoise(), [holed], note: "NaN", .relative(1e-5)),
      Sample(WaveletNoise(), [flat], note: "flat", .exact),
    ]
  }
}
