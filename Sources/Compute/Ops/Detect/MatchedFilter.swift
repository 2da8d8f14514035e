import CPUKernels

/// Signal-to-noise ratio of a molecule at each pixel, for the best of several templates.
///
/// Inputs: frames float32 [frames, height, width] in photoelectrons; templates float32 [templates,
/// side, side], side odd; optionally variances float32 [height, width] that replace `readNoise`.
/// Output: float32 [frames, height, width], the maximum over the templates of Σ t·f over the box
/// around a pixel, divided by √(F² · mean of the box + read variance). If templates have sum 0 and
/// sum of squares 1, a uniform background adds nothing, and without a molecule the result has a
/// standard deviation of 1: the optimal linear detector of a known shape in white noise (Turin, IRE
/// Trans. Inf. Theory 6, 311, 1960). At the edges frames are mirrored with the edge pixel repeated;
/// a box with less than one photoelectron counts as one.
package struct MatchedFilter: NotDifferentiable {
  package static let name = "matched_filter"
  /// Excess noise factor F² of an EM register, else 1.
  package let excess: Float
  /// Variance of a pixel without light, photoelectrons².
  package let readNoise: Float

  package init(excess: Float = 1, readNoise: Float = 0) {
    self.excess = excess
    self.readNoise = readNoise
  }

  package var parameters: String { "F² \(excess), read \(readNoise)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard [2, 3].contains(inputs.count), inputs[0].isFrames, inputs[1].isFrames,
      inputs.count == 2 || inputs[2] == TensorType(.float32, Array(inputs[0].shape[1...]))
    else {
      throw ShapeError(
        Self.name, "takes frames, templates and optionally a map of variances, not \(inputs)")
    }
    let side = inputs[1].shape[1]
    guard side == inputs[1].shape[2], side % 2 == 1, side <= GLINT_TEMPLATE_SIDE else {
      throw ShapeError(
        Self.name, "templates of type \(inputs[1]) are not supported",
        hint: "templates are squares with an odd side of at most \(GLINT_TEMPLATE_SIDE) px")
    }
    return [inputs[0]]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (frames, templates) = (inputs[0], inputs[1])
    let (height, width) = (frames.type.shape[1], frames.type.shape[2])
    let (count, side) = (templates.type.shape[0], templates.type.shape[1])
    func mirrored(_ i: Int, _ n: Int) -> Int { Int(glint_mirrored(Int32(i), Int32(n))) }
    var result = [Double](repeating: 0, count: frames.values.count)
    for place in result.indices {
      let (x, y) = (place % width, place / width % height)
      let frame = place / (width * height) * width * height
      let box = (0..<side * side).map { k in
        frames.values[
          frame + mirrored(y + k / side - side / 2, height) * width
            + mirrored(x + k % side - side / 2, width)]
      }
      let best = (0..<count).reduce(-Double.infinity) { best, t in
        let sum = box.indices.reduce(0.0) {
          $0 + templates.values[t * side * side + $1] * box[$1]
        }
        return sum > best ? sum : best
      }
      let light = box.reduce(0, +)
      let read = inputs.count == 3 ? inputs[2].values[y * width + x] : Double(readNoise)
      let variance = Double(excess) * (light > 1 ? light : 1) / Double(side * side) + read
      result[place] = best / variance.squareRoot()
    }
    return [Reference(frames.type, result)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: inputs[0].count * (2 * inputs[1].count + inputs[1].count / inputs[1].shape[0] + 4),
      bytes: (inputs + outputs).bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_matched_params {
    let (shape, side) = (site.inputs[0].shape.map { Int32($0) }, site.inputs[1].shape[1])
    return glint_matched_params(
      frames: shape[0], height: shape[1], width: shape[2],
      templates: Int32(site.inputs[1].shape[0]), side: Int32(side),
      has_noise: site.inputs.count == 3 ? 1 : 0, excess: excess / Float(side * side),
      read_noise: readNoise)
  }

  private func operands(_ site: Site) -> glint_matched_filter_operands {
    glint_matched_filter_operands(
      images: .input(0), templates: .input(1), noise: site.inputs.count == 3 ? .input(2) : .none,
      out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("rows") { site in
      let shape = site.inputs[0].shape
      return CPULaunch(
        glint_cpu_matched_filter, kernelParameters(site), operands(site),
        items: .fixed(shape[0] * shape[1]), grain: 4,
        scratch: glint_matched_scratch(Int32(shape[2]), Int32(site.inputs[1].shape[1])))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("tile") { site in
      let shape = site.inputs[0].shape
      let tile = (width: 32, height: 8)
      return OpenCLLaunch(
        glint_opencl_matched_filter,
        defines: [
          "TILE_WIDTH": "\(tile.width)", "TILE_HEIGHT": "\(tile.height)",
          "SIDE": "\(site.inputs[1].shape[1])",
        ],
        kernelParameters(site), operands(site), items: site.inputs[0].count,
        global: [shape[2], shape[1], shape[0]], local: [tile.width, tile.height, 1])
    }
  }

  package static var samples: [Sample] {
    func sample(
      _ frames: Reference, _ count: Int, _ side: Int, map: Bool = false, note: String = ""
    ) -> Sample {
      let taps = Reference.random([count, side, side], -0.5...0.5, seed: 42)
      let variances = Reference.random(Array(frames.type.shape[1...]), 0.5...9, seed: 43)
      let most = frames.values.lazy.filter(\.isFinite).reduce(1) { max($0, abs($1)) }
      // Sums of side² products, over a noise of 0.5 at least.
      return Sample(
        MatchedFilter(excess: 2, readNoise: 0.5), [frames, taps] + (map ? [variances] : []),
        note: note, .absolute(Double(side * side + 4) * most * Double(side) * 0x1p-24),
        tiny: frames.values.count * count * side * side < 20_000)
    }
    var holed = Reference.random([1, 20, 40], 0...10, seed: 44)
    holed.values[330] = .nan
    return [
      sample(.random([1, 1, 1], 0...10, seed: 41), 1, 1),
      sample(.random([2, 3, 5], 0...10, seed: 41), 3, 3, map: true),
      sample(.random([1, 13, 17], 0...100, seed: 41), 5, 5),
      sample(.random([1, 4, 3], 0...10, seed: 41), 2, 11, note: "wider than the frame"),
      sample(.random([2, 9, 65], -1...1, seed: 41), 4, 7, map: true, note: "dark"),
      sample(.random([1, 8, 131], 0...100, seed: 41), 9, 13),
      sample(.random([1, 33, 32], 0...100, seed: 41), 1, 31),
      sample(holed, 4, 5, note: "NaN"),
    ]
  }
}
