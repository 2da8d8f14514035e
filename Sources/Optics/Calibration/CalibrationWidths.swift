import Foundation
import Microscopy

extension PSFCalibrator {
  /// Widths of every used bead in every plane.
  func widths(
    _ alignment: BeadAlignment, _ stacks: [BeadStack], _ heights: [Double]
  ) throws -> [WidthSample] {
    var spots: [[Float]] = []
    var keys: [(bead: Int, z: Double)] = []
    let side = settings.roi
    for index in alignment.used {
      let bead = alignment.beads[index]
      let place = alignment.parts[index]!.place
      let crop = stacks[bead.stack].crop(
        x: Int(bead.x.rounded()), y: Int(bead.y.rounded()), side: side)
      for k in heights.indices {
        spots.append(crop[k * side * side..<(k + 1) * side * side].map(Float.init))
        keys.append((index, heights[k] - place.z))
      }
    }
    return try zip(keys, WidthFit(side: side).widths(spots)).compactMap { key, width in
      width.map { WidthSample(bead: key.bead, z: key.z, sigmaX: $0.x, sigmaY: $0.y) }
    }
  }

  /// The height in the field at which both widths are equal, if the spot is round there and
  /// stretched along x on one side and along y on the other; nil for other PSFs.
  func crossing(
    _ alignment: BeadAlignment, _ stacks: [BeadStack], _ heights: [Double]
  ) throws -> Double? {
    Self.crossing(try widths(alignment, stacks, heights))
  }

  static func crossing(_ samples: [WidthSample]) -> Double? {
    let curve = binned(samples)
    guard curve.count >= 7 else { return nil }
    // Of all changes of sign, take the one with the steepest difference around it.
    let span = max(1, curve.count / 10)
    var best: (slope: Double, z: Double)?
    for i in 1..<curve.count {
      let (a, b) = (curve[i - 1], curve[i])
      guard a.difference * b.difference <= 0, a.difference != b.difference else { continue }
      let (low, high) = (max(0, i - 1 - span), min(curve.count - 1, i + span))
      let slope =
        (curve[high].difference - curve[low].difference) / (curve[high].z - curve[low].z)
      let z = a.z + (b.z - a.z) * a.difference / (a.difference - b.difference)
      if abs(slope) > abs(best?.slope ?? 0) { best = (slope, z) }
    }
    guard let best else { return nil }
    // A cylindrical lens stretches the spot by far more than a third on both sides.
    let below = curve.filter { $0.z < best.z }.map { $0.difference * (best.slope < 0 ? 1 : -1) }
    let above = curve.filter { $0.z > best.z }.map { $0.difference * (best.slope > 0 ? 1 : -1) }
    guard let low = below.max(), let high = above.max(), min(low, high) > 0.25 else { return nil }
    return best.z
  }

  /// Median widths by height, and their relative difference.
  private static func binned(
    _ samples: [WidthSample]
  ) -> [(z: Double, difference: Double)] {
    guard let low = samples.map(\.z).min(), let high = samples.map(\.z).max(), high > low
    else { return [] }
    let count = 60
    let groups = Dictionary(grouping: samples) {
      min(count - 1, Int(($0.z - low) / (high - low) * Double(count)))
    }
    return groups.sorted { $0.key < $1.key }.map { _, group in
      let (x, y) = (
        Statistics.median(group.map(\.sigmaX)), Statistics.median(group.map(\.sigmaY))
      )
      return (Statistics.mean(group.map(\.z)), 2 * (x - y) / (x + y))
    }
  }

  /// The astigmatic PSF that fits the widths; nil if the widths are nowhere equal.
  func astigmatic(_ samples: [WidthSample], _ axial: AxialConvention) -> AstigmaticPSF? {
    guard let zero = Self.crossing(samples) else { return nil }
    // On either side up to where the spot loses its shape: widths at most three times the least.
    let least = Statistics.quantile(samples.flatMap { [$0.sigmaX, $0.sigmaY] }, 0.05)
    let wide = samples.filter { max($0.sigmaX, $0.sigmaY) > 3 * least }.map(\.z)
    let below = wide.filter { $0 < zero }.sorted().suffix(1 + wide.count / 50).first
    let above = wide.filter { $0 > zero }.sorted().prefix(1 + wide.count / 50).last
    let inside = samples.filter {
      $0.z > below ?? -.infinity && $0.z < above ?? .infinity
    }
    let heights = inside.map(\.z)
    guard let low = heights.min(), let high = heights.max(), high > low,
      let x = WidthCurve.fitting(heights: heights, widths: inside.map(\.sigmaX)),
      let y = WidthCurve.fitting(heights: heights, widths: inside.map(\.sigmaY))
    else { return nil }
    let psf = AstigmaticPSF(
      x: x, y: y, zRange: low...high, pixelSize: settings.pixelSize, axial: axial)
    return psf.problem == nil ? psf : nil
  }
}
