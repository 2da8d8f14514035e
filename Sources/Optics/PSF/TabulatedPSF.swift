import Microscopy

/// A PSF as a table of the light on a pixel, for pixel positions every quarter of a pixel, in
/// planes.
///
/// Between the table's points it is cubic (Lagrange) along all three axes. For images that pass a
/// pupil, points at quarters of a pixel are accurate to 10⁻³. Beyond `reach` there is no light.
package struct TabulatedPSF: Hashable, Sendable {
  /// Points per pixel.
  static let finer = 4

  /// Points per side: from −reach − ½ to reach + ½ px.
  static func side(reach: Int) -> Int { (2 * reach + 1) * finer + 1 }

  /// Half the width of the image, px.
  package let reach: Int
  private let side: Int
  private let values: [Float]
  private let firstZ: Double
  private let zStep: Double
  private let planes: Int
  /// Valid range, nm; molecules outside are drawn at its ends.
  package let zRange: ClosedRange<Double>

  init(reach: Int, values: [Float], firstZ: Double, zStep: Double, zRange: ClosedRange<Double>) {
    self.reach = reach
    side = Self.side(reach: reach)
    self.values = values
    self.firstZ = firstZ
    self.zStep = zStep
    planes = values.count / (side * side)
    self.zRange = zRange
  }

  /// Four neighbouring points of an axis: the first, the weights, and the derivatives of the
  /// weights.
  private struct Axis {
    var first: Int
    var weights: [Double]
    var slopes: [Double]

    /// - Parameter place: in steps from the first point; `last` is the index of the last point.
    init(_ place: Double, last: Int) {
      first = min(max(Int(place.rounded(.down)) - 1, 0), last - 3)
      let t = place - Double(first)
      weights = [
        (t - 1) * (t - 2) * (t - 3) / -6, t * (t - 2) * (t - 3) / 2, t * (t - 1) * (t - 3) / -2,
        t * (t - 1) * (t - 2) / 6,
      ]
      slopes = [
        (3 * t * t - 12 * t + 11) / -6, (3 * t * t - 10 * t + 6) / 2, (3 * t * t - 8 * t + 3) / -2,
        (3 * t * t - 6 * t + 2) / 6,
      ]
    }
  }

  private func axis(of z: Double) -> Axis {
    let clamped = min(max(z, zRange.lowerBound), zRange.upperBound)
    return Axis((clamped - firstZ) / zStep, last: planes - 1)
  }

  /// Along x or y: pixel `first` and the following ones are `finer` points apart, with equal
  /// weights.
  private func axis(pixel first: Int, from centre: Double) -> Axis {
    Axis(
      (Double(first) - centre + Double(reach) + 0.5) * Double(Self.finer), last: side - 1)
  }

  /// The pixels, of those from 0 to `size`, that receive light from a molecule at `centre`.
  func pixels(around centre: Double, size: Int) -> Range<Int> {
    // Each must be surrounded by four points.
    let edge = Double(reach) + 0.5 - 1 / Double(Self.finer)
    let first = max(0, Int((centre - edge).rounded(.up)))
    return first..<max(first, min(size, Int((centre + edge).rounded(.down)) + 1))
  }

  /// The light on a block of `pixels(around:)`, row by row.
  func draw(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double,
    into light: UnsafeMutableBufferPointer<Double>
  ) {
    guard !columns.isEmpty, !rows.isEmpty else { return }
    let across = axis(pixel: columns.lowerBound, from: x)
    let down = axis(pixel: rows.lowerBound, from: y)
    let height = axis(of: z)
    values.withUnsafeBufferPointer { values in
      for row in 0..<rows.count {
        for column in 0..<columns.count {
          let corner =
            (down.first + row * Self.finer) * side + across.first + column * Self.finer
          var sum = 0.0
          for c in 0..<4 {
            let plane = (height.first + c) * side * side + corner
            for b in 0..<4 {
              let place = plane + b * side
              let line =
                across.weights[0] * Double(values[place])
                + across.weights[1] * Double(values[place + 1])
                + across.weights[2] * Double(values[place + 2])
                + across.weights[3] * Double(values[place + 3])
              sum += height.weights[c] * down.weights[b] * line
            }
          }
          light[row * columns.count + column] = max(0, sum)
        }
      }
    }
  }
}

extension TabulatedPSF: PointSpreadFunction {
  package var axialRange: ClosedRange<Double>? { zRange }

  package func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [PixelShare] {
    let height = axis(of: z)
    return rows.flatMap { v in
      columns.map { u in
        let limit = Double(reach) + 0.5 - 1 / Double(Self.finer)
        guard abs(Double(u) - x) <= limit, abs(Double(v) - y) <= limit else { return PixelShare() }
        let (across, down) = (axis(pixel: u, from: x), axis(pixel: v, from: y))
        var share = PixelShare()
        for c in 0..<4 {
          for b in 0..<4 {
            let place = ((height.first + c) * side + down.first + b) * side + across.first
            let (value, slope) = (0..<4).reduce((0.0, 0.0)) {
              let point = Double(values[place + $1])
              return ($0.0 + across.weights[$1] * point, $0.1 + across.slopes[$1] * point)
            }
            share.value += height.weights[c] * down.weights[b] * value
            share.byX -= height.weights[c] * down.weights[b] * slope * Double(Self.finer)
            share.byY -= height.weights[c] * down.slopes[b] * value * Double(Self.finer)
            share.byZ += height.slopes[c] * down.weights[b] * value / zStep
          }
        }
        return share
      }
    }
  }
}

extension TabulatedPSF {
  /// The same PSF as the spline that a calibration would produce: samples at whole pixels and at
  /// most 25 nm apart.
  ///
  /// Throws `SplinePSFError` if the table is too small.
  package func spline(pixelSize: Double?) throws(SplinePSFError) -> SplinePSF {
    let half = min(reach, 12)
    let depth = zRange.upperBound - zRange.lowerBound
    let intervals = max(3, Int((depth / 25).rounded(.up)))
    let step = max(depth, 1) / Double(intervals)
    let knots = (0...intervals).flatMap {
      shares(
        columns: -half..<half + 1, rows: -half..<half + 1, x: 0, y: 0,
        z: zRange.lowerBound + Double($0) * step
      ).map(\.value)
    }
    return try SplinePSF(
      interpolating: knots, columns: 2 * half + 1, rows: 2 * half + 1, planes: intervals + 1,
      zStep: step, firstZ: zRange.lowerBound, pixelSize: pixelSize,
      axial: AxialConvention(origin: "the pupil's focus"))
  }
}
