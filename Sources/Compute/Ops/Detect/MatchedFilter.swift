import CPUKernels

/// Signal-to-noise ratio of a molecule at each pixel, for the best of several templates.
///
/// Inputs: frames float32 [frames, height, width] in photoelectrons; templates float32 [templates,
/// side, side], side odd; `edges` of these; optionally variances float32 [height, width] that
/// replace `readNoise`.
/// Output: float32 [frames, height, width], the maximum over the templates of Σ t·f over the box
/// around a pixel, divided by √(F² · mean of the box + read variance). If templates have sum 0 and
/// sum of squares 1, a uniform background adds nothing, and without a molecule the result has a
/// standard deviation of 1: the optimal linear detector of a known shape in white noise (Turin, IRE
/// Trans. Inf. Theory 6, 311, 1960). Where the frame's edge cuts the box, its part inside the frame
/// is compared with the same part of the templates. A box with less than one photoelectron counts
/// as one.
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

  /// Three kinds of tables for boxes around a pixel that the frame's edge cuts, float32 [min(height,
  /// side), 2 · templates + 1, width]: of each template the mean inside the frame, and the inverse
  /// root of its sum of squares there without that mean; the number of pixels of a box over those
  /// inside. Elsewhere they are 0, 1, 1. The first axis is the row of the pixel; of all rows in the
  /// middle there is one.
  package static func edges(
    _ templates: [Float], side: Int, width: Int, height: Int
  ) -> [Float] {
    let (count, half) = (templates.count / (side * side), side / 2)
    func inside(_ place: Int, _ length: Int) -> Range<Int> {
      max(half - place, 0)..<min(half + length - place, side)
    }
    struct Part: Hashable { let rows, columns: Range<Int> }
    var known: [Part: [Float]] = [:]
    func tables(_ part: Part) -> [Float] {
      let pixels = part.rows.count * part.columns.count
      if pixels == side * side { return (0..<count).flatMap { _ in [0, 1] as [Float] } + [1] }
      var result: [Float] = []
      for t in 0..<count {
        var (sum, squares) = (0.0, 0.0)
        for row in part.rows {
          for column in part.columns {
            let value = Double(templates[(t * side + row) * side + column])
            sum += value
            squares += value * value
          }
        }
        let mean = sum / Double(pixels)
        let rest = squares - sum * mean
        result += [Float(mean), rest > 1e-6 * squares ? Float(1 / rest.squareRoot()) : 0]
      }
      return result + [Float(Double(side * side) / Double(pixels))]
    }
    var result: [Float] = []
    for row in 0..<min(height, side) {
      let y = height <= side || row <= half ? row : row + height - side
      let parts = (0..<width).map { x in
        let part = Part(rows: inside(y, height), columns: inside(x, width))
        if known[part] == nil { known[part] = tables(part) }
        return known[part] ?? []
      }
      for table in 0...2 * count { result += parts.map { $0[table] } }
    }
    return result
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard [3, 4].contains(inputs.count), inputs[0].isFrames, inputs[1].isFrames,
      inputs.count == 3 || inputs[3] == TensorType(.float32, Array(inputs[0].shape[1...]))
    else {
      throw ShapeError(
        Self.name, "takes frames, templates, edges and optionally a map of variances, not \(inputs)"
      )
    }
    let (height, width) = (inputs[0].shape[1], inputs[0].shape[2])
    guard
      inputs[2]
        == TensorType(
          .float32, min(height, inputs[1].shape[1]), 2 * inputs[1].shape[0] + 1, width)
    else { throw ShapeError(Self.name, "the edges \(inputs[2]) belong to other frames") }
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
    let edges = inputs[2].values
    func row(_ y: Int) -> Int {
      height <= side || y < side / 2 ? y : y >= height - side / 2 ? y - height + side : side / 2
    }
    var result = [Double](repeating: 0, count: frames.values.count)
    for place in result.indices {
      let (x, y) = (place % width, place / width % height)
      let frame = place / (width * height) * width * height
      let box = (0..<side * side).map { k in
        let (v, u) = (y + k / side - side / 2, x + k % side - side / 2)
        let isInside = 0..<height ~= v && 0..<width ~= u
        return isInside ? frames.values[frame + v * width + u] : 0
      }
      let sum = box.reduce(0, +)
      func edge(_ table: Int) -> Double { edges[(row(y) * (2 * count + 1) + table) * width + x] }
      let best = (0..<count).reduce(-Double.infinity) { best, t in
        let product = box.indices.reduce(0.0) {
          $0 + templates.values[t * side * side + $1] * box[$1]
        }
        let own = (product - sum * edge(2 * t)) * edge(2 * t + 1)
        return own > best ? own : best
      }
      let light = sum * edge(2 * count)
      let read = inputs.count == 4 ? inputs[3].values[y * width + x] : Double(readNoise)
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
      has_noise: site.inputs.count == 4 ? 1 : 0, excess: excess / Float(side * side),
      read_noise: readNoise)
  }

  private func operands(_ site: Site) -> glint_matched_filter_operands {
    glint_matched_filter_operands(
      images: .input(0), templates: .input(1), edges: .input(2),
      noise: site.inputs.count == 4 ? .input(3) : .none, out: .output(0))
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
      let edge = MatchedFilter.edges(
        taps.values.map { Float($0) }, side: side, width: frames.type.shape[2],
        height: frames.type.shape[1])
      let edges = Reference(
        TensorType(.float32, min(side, frames.type.shape[1]), 2 * count + 1, frames.type.shape[2]),
        edge.map { Double($0) })
      let variances = Reference.random(Array(frames.type.shape[1...]), 0.5...9, seed: 43)
      let most = frames.values.lazy.filter(\.isFinite).reduce(1) { max($0, abs($1)) }
      // Sums of side² products, over a noise of 0.5 at least.
      return Sample(
        MatchedFilter(excess: 2, readNoise: 0.5),
        [frames, taps, edges] + (map ? [variances] : []),
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
