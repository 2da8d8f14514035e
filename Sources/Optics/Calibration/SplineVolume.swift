import Foundation
import Microscopy

/// An aligned field sampled at the knots of the future spline PSF.
struct SplineVolume {
  let side: Int
  let planes: Int
  let zStep: Double
  let firstZ: Double
  /// Light in the plane z = 0, in the field's unit.
  let light: Double
  /// [planes, side, side], fractions of the light at z = 0; negative values from noise are set to
  /// 0.
  let samples: [Double]

  /// Covers the heights that every used bead covers, at multiples of the distance between knots.
  init(_ alignment: BeadAlignment, settings: PSFCalibrationSettings) {
    side = settings.roi
    zStep = alignment.field.zStep
    let places = alignment.used.map { alignment.parts[$0]!.place.z }
    let lowest = alignment.heights.first! - (places.min() ?? 0)
    let highest = alignment.heights.last! - (places.max() ?? 0)
    let first = Int((lowest / zStep - 1e-6).rounded(.up))
    let last = Int((highest / zStep + 1e-6).rounded(.down))
    planes = max(0, last - first + 1)
    firstZ = Double(first) * zStep
    let knots = (0..<planes).map { Double(first + $0) * alignment.field.zStep }
    let raw = Self.sample(alignment.field, heights: knots, side: side).map { max(0, $0) }
    let focus = Self.sample(alignment.field, heights: [0], side: side)
    let light = max(focus.reduce(0) { $0 + max(0, $1) }, .leastNormalMagnitude)
    samples = raw.map { $0 / light }
    self.light = light
  }

  /// The field around its origin at these heights, [heights, side, side].
  static func sample(
    _ field: BeadField, heights: [Double], side: Int, x: Double = 0, y: Double = 0
  ) -> [Double] {
    let all = field.samples(
      field.sampling(BeadField.Place(x: -x, y: -y, z: 0), heights: heights))
    let cut = (field.side - side) / 2
    return heights.indices.flatMap { k in
      (cut..<cut + side).flatMap { v in
        let row = (k * field.side + v) * field.side + cut
        return all[row..<row + side]
      }
    }
  }

  /// The spline through the samples. Noise affects its slope at the first and last knot, so its
  /// trusted range is one knot shorter at either end.
  func spline(pixelSize: Double?, axial: AxialConvention) throws -> SplinePSF {
    let last = firstZ + Double(planes - 1) * zStep
    let inner = planes > 5 ? firstZ + zStep...last - zStep : firstZ...last
    return try SplinePSF(
      interpolating: samples, columns: side, rows: side, planes: planes, zStep: zStep,
      firstZ: firstZ, normalisedAt: firstZ <= 0 && last >= 0 ? 0 : nil, zRange: inner,
      pixelSize: pixelSize, axial: axial)
  }

  /// Light per pixel at the edge divided by the mean per pixel, by height.
  var edge: [(z: Double, part: Double)] {
    (0..<planes).map { k in
      let plane = samples[k * side * side..<(k + 1) * side * side]
      let ring = plane.enumerated().filter {
        let (v, u) = ($0.offset / side, $0.offset % side)
        return v == 0 || v == side - 1 || u == 0 || u == side - 1
      }.map(\.element)
      let mean = Statistics.mean(Array(plane))
      return (firstZ + Double(k) * zStep, mean > 0 ? Statistics.mean(ring) / mean : 1)
    }
  }

  /// The height at which the field is most concentrated: the largest Σp² / (Σp)².
  static func sharpest(_ alignment: BeadAlignment, _ heights: [Double]) -> Double {
    let side = alignment.side
    let inner = heights.dropFirst(heights.count / 10).dropLast(heights.count / 10)
    let planes = sample(alignment.field, heights: Array(inner), side: side)
    let sharpness = inner.indices.map { index -> Double in
      let k = index - inner.startIndex
      let plane = planes[k * side * side..<(k + 1) * side * side]
      let sum = plane.reduce(0, +)
      return sum > 0 ? plane.reduce(0) { $0 + $1 * $1 } / (sum * sum) : 0
    }
    let best = sharpness.indices.max { sharpness[$0] < sharpness[$1] } ?? 0
    return inner[inner.startIndex + best]
  }

  /// The number of peaks of the field's image at a height.
  static func peaks(_ alignment: BeadAlignment, z: Double) -> Int {
    let side = alignment.side
    return PSFTemplates.peaks(sample(alignment.field, heights: [z], side: side), side: side)
  }

  /// Centroid of the pixels brighter than a fifth of the peak, at a height.
  static func centre(_ alignment: BeadAlignment, z: Double) -> (x: Double, y: Double) {
    var (x, y) = (0.0, 0.0)
    let side = alignment.side - 2
    let half = Double(side - 1) / 2
    for _ in 0..<6 {
      let plane = sample(alignment.field, heights: [z], side: side, x: x, y: y)
      let floor = 0.2 * (plane.max() ?? 0)
      var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
      for i in plane.indices where plane[i] > floor {
        sum += plane[i] - floor
        sumX += (plane[i] - floor) * (Double(i % side) - half)
        sumY += (plane[i] - floor) * (Double(i / side) - half)
      }
      guard sum > 0 else { break }
      x = min(max(x + sumX / sum, -2), 2)
      y = min(max(y + sumY / sum, -2), 2)
    }
    return (x, y)
  }

  /// Correlation of the splines of two halves of the beads, with the positions already found.
  static func halves(
    _ alignment: BeadAlignment, settings: PSFCalibrationSettings, _ range: ClosedRange<Double>
  ) -> Double? {
    let used = alignment.used
    guard used.count >= 4 else { return nil }
    let heights = Array(stride(from: range.lowerBound, through: range.upperBound, by: 25))
    let volumes = [0, 1].map { half in
      var field = alignment.field
      field.coefficients = field.coefficients.map { _ in 0 }
      field.solve(
        used.enumerated().filter { $0.offset % 2 == half }.map { alignment.parts[$0.element]! },
        heights: alignment.heights, iterations: 40)
      return sample(field, heights: heights, side: settings.roi)
    }
    return Statistics.correlation(volumes[0], volumes[1])
  }
}
