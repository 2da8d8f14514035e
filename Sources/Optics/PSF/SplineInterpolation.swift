import Microscopy
import Reporting

extension SplinePSF {
  /// The tricubic spline through a volume of samples, not-a-knot on each axis: exact for cubics.
  ///
  /// `volume` holds the share of photons at every knot as [planes, rows, columns], x fastest; at
  /// least four knots per axis. `centreX`, `centreY` are the molecule's position in knots, nil for
  /// the middle.
  ///
  /// At z = `reference`, nm, the total light on the grid is scaled to 1, so that fitted photons are the
  /// light in that plane; nil keeps the samples unscaled. The other values are properties of the spline.
  ///
  /// - Throws: `SplinePSFError` if samples, sizes or the z step are not valid for a PSF.
  package init(
    interpolating volume: [Double], columns: Int, rows: Int, planes: Int, zStep: Double,
    firstZ: Double, centreX: Double? = nil, centreY: Double? = nil,
    normalisedAt reference: Double? = nil, zRange: ClosedRange<Double>? = nil,
    starts: [Double] = [], pixelSize: Double? = nil, axial: AxialConvention = AxialConvention()
  ) throws(SplinePSFError) {
    guard volume.count == columns * rows * planes, columns >= 4, rows >= 4, planes >= 4 else {
      throw SplinePSFError(
        "\(volume.count) samples of \(columns)×\(rows)×\(planes) cannot be interpolated",
        hint: "a PSF needs at least 4 samples along x, y and z")
    }
    guard zStep > 0, zStep.isFinite else {
      throw SplinePSFError(
        "the z step \(zStep) nm is not greater than 0", hint: "give the distance between planes")
    }
    if let bad = volume.firstIndex(where: { !$0.isFinite }) {
      let place = (bad % columns, bad / columns % rows, bad / columns / rows)
      throw SplinePSFError(
        "the sample at (x, y, z) = \(place) is not a finite number",
        hint: "exclude the beads or planes that it comes from")
    }
    let coefficients = Self.cells(volume, columns, rows, planes)
    let (nx, ny, nz) = (columns - 1, rows - 1, planes - 1)
    self.init(
      columns: nx, rows: ny, planes: nz, coefficients: coefficients, zStep: zStep, firstZ: firstZ,
      centreX: centreX ?? Double(nx) / 2, centreY: centreY ?? Double(ny) / 2, zRange: zRange,
      starts: starts, pixelSize: pixelSize, axial: axial)
    guard let reference else { return }
    let light = self.light(at: reference)
    guard light > 0, light.isFinite else {
      throw SplinePSFError(
        "the samples contain no light at z = \(reference) nm", hint: "choose a plane in focus")
    }
    self.coefficients = self.coefficients.map { Float(Double($0) / light) }
  }

  /// Coefficients of the cells between the samples, [z, y, x, pz, py, px].
  private static func cells(
    _ volume: [Double], _ columns: Int, _ rows: Int, _ planes: Int
  ) -> [Float] {
    let x = cubicCells(volume, outer: planes * rows, count: columns, inner: 1)
    let xy = cubicCells(x, outer: planes, count: rows, inner: (columns - 1) * 4)
    let xyz = cubicCells(xy, outer: 1, count: planes, inner: (rows - 1) * 4 * (columns - 1) * 4)
    // From [z, pz, y, py, x, px] to [z, y, x, pz, py, px].
    let (nx, ny, nz) = (columns - 1, rows - 1, planes - 1)
    var coefficients = [Float](repeating: 0, count: nx * ny * nz * 64)
    for k in 0..<nz {
      for pz in 0..<4 {
        for j in 0..<ny {
          for py in 0..<4 {
            let source = (((k * 4 + pz) * ny + j) * 4 + py) * nx * 4
            let target = (k * ny + j) * nx * 64 + pz * 16 + py * 4
            for i in 0..<nx {
              for px in 0..<4 {
                coefficients[target + i * 64 + px] = Float(xyz[source + i * 4 + px])
              }
            }
          }
        }
      }
    }
    return coefficients
  }

  /// The samples at the knots, [planes + 1, rows + 1, columns + 1], x fastest.
  package var knots: [Double] {
    (0...planes).flatMap { k in
      (0...rows).flatMap { j in
        (0...columns).map { i in
          let cell = (min(i, columns - 1), min(j, rows - 1), min(k, planes - 1))
          let first = ((cell.2 * rows + cell.1) * columns + cell.0) * 64
          // At a far edge δ is 1 and every power counts; at a near edge only the constant counts.
          var sum = 0.0
          for c in 0...(k == planes ? 3 : 0) {
            for b in 0...(j == rows ? 3 : 0) {
              for a in 0...(i == columns ? 3 : 0) {
                sum += Double(coefficients[first + 16 * c + 4 * b + a])
              }
            }
          }
          return sum
        }
      }
    }
  }
}

/// Samples from which no spline can be made, with a remedy.
package struct SplinePSFError: Fault, Equatable {
  package let message: Message
  package let remedy: Message?

  init(_ message: Message, hint: Message) {
    self.message = message
    remedy = hint
  }
}

/// Cubic pieces through `count` ≥ 4 equally spaced values along one axis of [outer, count, inner],
/// as [outer, count − 1, 4, inner], constant first. The third derivative is continuous at the
/// second and the second-to-last knot (not-a-knot).
func cubicCells(_ values: [Double], outer: Int, count: Int, inner: Int) -> [Double] {
  // Slopes s: s(i−1) + 4 s(i) + s(i+1) = 3 (y(i+1) − y(i−1)); at the ends
  // s(0) + 2 s(1) = (−5 y(0) + 4 y(1) + y(2)) / 2 and its mirror image. Solved by Thomas'
  // algorithm.
  var upper = [Double](repeating: 0, count: count)
  var inverse = [Double](repeating: 1, count: count)
  upper[0] = 2
  for i in 1..<count {
    let lower: Double = i == count - 1 ? 2 : 1
    inverse[i] = 1 / ((i == count - 1 ? 1 : 4) - lower * upper[i - 1])
    upper[i] = inverse[i]
  }
  var result = [Double](repeating: 0, count: outer * (count - 1) * 4 * inner)
  var slopes = [Double](repeating: 0, count: count)
  for o in 0..<outer {
    for n in 0..<inner {
      func y(_ i: Int) -> Double { values[(o * count + i) * inner + n] }
      let last = count - 1
      slopes[0] = (-5 * y(0) + 4 * y(1) + y(2)) / 2
      for i in 1..<last {
        slopes[i] = (3 * (y(i + 1) - y(i - 1)) - slopes[i - 1]) * inverse[i]
      }
      let side = (5 * y(last) - 4 * y(last - 1) - y(last - 2)) / 2
      slopes[last] = (side - 2 * slopes[last - 1]) * inverse[last]
      for i in (0..<last).reversed() { slopes[i] -= upper[i] * slopes[i + 1] }
      for i in 0..<last {
        let rise = y(i + 1) - y(i)
        let place = (o * last + i) * 4 * inner + n
        result[place] = y(i)
        result[place + inner] = slopes[i]
        result[place + 2 * inner] = 3 * rise - 2 * slopes[i] - slopes[i + 1]
        result[place + 3 * inner] = slopes[i] + slopes[i + 1] - 2 * rise
      }
    }
  }
  return result
}
