import CPUKernels
import Foundation

/// A one-dimensional symmetric filter, applied along columns and then along rows.
struct SymmetricFilter: Hashable, Sendable {
  /// From the centre outwards, in single precision as on devices; over both sides they add up to 1.
  let taps: [Float]

  var radius: Int { taps.count - 1 }

  /// Gaussian of `sigma` pixels, cut at 3 σ and normalised.
  static func gaussian(_ sigma: Double) -> SymmetricFilter {
    let radius = min(Int((3 * sigma).rounded(.up)), 1 << 20)
    let weights = (0...max(radius, 0)).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let sum = 2 * weights.reduce(0, +) - weights[0]
    return SymmetricFilter(taps: weights.map { Float($0 / sum) })
  }

  /// Cubic B-spline at half-unit steps, 1/16 1/4 3/8 1/4 1/16.
  static let spline = SymmetricFilter(taps: [0.375, 0.25, 0.0625])

  /// `spline` followed by its dilated form (à trous), as one filter; its taps are exact.
  static let splineTwice: SymmetricFilter = {
    let side = spline.taps.dropFirst().reversed() + spline.taps
    var taps = [Float](repeating: 0, count: 13)
    for (i, a) in side.enumerated() {
      for (j, b) in side.enumerated() { taps[i + 2 * j] += a * b }
    }
    return SymmetricFilter(taps: Array(taps[6...]))
  }()

  /// Filters each frame; at the edges frames are mirrored with the edge pixel repeated.
  func smooth(_ frames: Reference) -> [Double] {
    let (height, width) = (frames.type.shape[1], frames.type.shape[2])
    let columns = smooth(frames.values, length: height, stride: width)
    return smooth(columns, length: width, stride: 1)
  }

  private func smooth(_ values: [Double], length: Int, stride: Int) -> [Double] {
    values.indices.map { index in
      let place = index / stride % length
      return (-radius...radius).reduce(0) { sum, k in
        var other = (place + k) % (2 * length)
        if other < 0 { other += 2 * length }
        if other >= length { other = 2 * length - 1 - other }
        return sum + Double(taps[abs(k)]) * values[index + (other - place) * stride]
      }
    }
  }
}

/// Shared code of the two ops that subtract one filter from another.
struct FilterDifference: Hashable, Sendable {
  let narrow: SymmetricFilter
  let wide: SymmetricFilter

  func check(_ inputs: [TensorType], _ op: String) throws(ShapeError) {
    guard inputs.count == 1, inputs[0].isFrames else {
      throw ShapeError(op, "takes frames float32 [frames×height×width], not \(inputs)")
    }
    guard narrow.radius <= GLINT_NARROW_RADIUS, wide.radius <= GLINT_WIDE_RADIUS,
      narrow.radius <= wide.radius, (narrow.taps + wide.taps).allSatisfy(\.isFinite)
    else {
      throw ShapeError(
        op, "filters that reach \(narrow.radius) and \(wide.radius) pixels are not supported",
        hint: """
          a filter reaches three standard deviations; the first must be the narrower one and may \
          reach \(GLINT_NARROW_RADIUS) pixels, the second \(GLINT_WIDE_RADIUS)
          """)
    }
  }

  /// Columns, then rows: a product and a sum of two for every tap.
  func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: inputs[0].count * (6 * (narrow.radius + wide.radius) + 5),
      bytes: (inputs + outputs).bytes)
  }

  private func parameters(_ shape: [Int]) -> glint_difference_params {
    var result = glint_difference_params()
    (result.frames, result.height, result.width) = (
      Int32(shape[0]), Int32(shape[1]), Int32(shape[2])
    )
    (result.narrow_radius, result.wide_radius) = (Int32(narrow.radius), Int32(wide.radius))
    withUnsafeMutableBytes(of: &result.narrow) { $0.copyBytes(from: bytes(narrow.taps)) }
    withUnsafeMutableBytes(of: &result.wide) { $0.copyBytes(from: bytes(wide.taps)) }
    return result
  }

  private func bytes(_ taps: [Float]) -> [UInt8] { taps.withUnsafeBytes(Array.init) }

  func cpu<Operands: BitwiseCopyable & Sendable>(
    _ kernel: @escaping CPUKernel<glint_difference_params, Operands>, _ operands: Operands
  ) -> Candidate<CPULaunch> {
    Candidate("rows") { site in
      let shape = site.inputs[0].shape
      return .launches([
        CPULaunch(
          kernel, parameters(shape), operands, items: .fixed(shape[0] * shape[1]), grain: 16,
          scratch: glint_difference_scratch(Int32(shape[2]), Int32(wide.radius)))
      ])
    }
  }

  func openCL<Operands: BitwiseCopyable & Sendable>(
    _ kernel: @escaping OpenCLKernel<glint_difference_params, Operands>, _ operands: Operands
  ) -> Candidate<OpenCLLaunch> {
    Candidate("tile") { site in
      let shape = site.inputs[0].shape
      let tile = (width: 32, height: 8)
      func list(_ taps: [Float]) -> String {
        taps.map { hexadecimal($0) }.joined(separator: ", ")
      }
      return .launches([
        OpenCLLaunch(
          kernel,
          defines: [
            "TILE_WIDTH": "\(tile.width)", "TILE_HEIGHT": "\(tile.height)",
            "NARROW_RADIUS": "\(narrow.radius)", "WIDE_RADIUS": "\(wide.radius)",
            "NARROW_TAPS": list(narrow.taps), "WIDE_TAPS": list(wide.taps),
          ],
          parameters(shape), operands, items: site.inputs[0].count,
          global: [shape[2], shape[1], shape[0]], local: [tile.width, tile.height, 1])
      ])
    }
  }

  /// A float in C's hexadecimal notation, without rounding.
  private func hexadecimal(_ value: Float) -> String { String(format: "%af", Double(value)) }
}

extension TensorType {
  /// float32 [frames, height, width], no axis of length 0.
  var isFrames: Bool { element == .float32 && shape.count == 3 && !shape.contains(0) }
}
