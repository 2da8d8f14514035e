import Foundation
import Microscopy

/// Templates of a PSF at different heights, for its detection in a frame: images of sum 0 and sum
/// of squares 1.
///
/// Adjacent templates are so close in z that a molecule between them keeps nine tenths of its
/// signal-to-noise ratio.
package struct PSFTemplates: Hashable, Sendable {
  /// Side of a template, px, odd.
  package let side: Int
  /// z of each template, nm.
  package let heights: [Double]
  /// [templates, side, side].
  package let images: [Float]
  /// Largest distance from a molecule, px along an axis, at which a filter's side maxima reach 0.4
  /// of the main maximum.
  package let reach: Int
  /// Shift, px, at which the correlation of an image with itself falls to one half in any
  /// direction; closer molecules cannot be separated.
  package let resolution: Double
  /// Whether the image has two or more peaks at any height.
  package let hasSeveralPeaks: Bool

  /// The fraction of the signal-to-noise ratio that the nearest template preserves.
  private static let kept = 0.9

  package init(_ psf: CalibratedPSF, side: Int) {
    let range = psf.zRange
    let half = side / 2
    let heights = (0...48).map {
      range.lowerBound + Double($0) / 48 * (range.upperBound - range.lowerBound)
    }
    let shares = heights.map { z in
      psf.shares(columns: -half..<half + 1, rows: -half..<half + 1, x: 0, y: 0, z: z).map(\.value)
    }
    let shapes = shares.map(Self.normalised)
    let chosen = Self.cover(shapes)
    self.side = side
    self.heights = chosen.map { heights[$0] }
    images = chosen.flatMap { shapes[$0].map { Float($0) } }
    hasSeveralPeaks = shares.contains { Self.peaks($0, side: side) > 1 }
    let likeness = Self.likeness(chosen.map { shapes[$0] }, side: side)
    reach = likeness.reach
    resolution = likeness.resolution
  }

  private static func normalised(_ image: [Double]) -> [Double] {
    let mean = image.reduce(0, +) / Double(image.count)
    let length = image.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    return image.map { length > 0 ? ($0 - mean) / length : 0 }
  }

  /// The fewest templates such that every image in between is similar to one of them.
  private static func cover(_ shapes: [[Double]]) -> [Int] {
    func like(_ a: Int, _ b: Int) -> Bool {
      zip(shapes[a], shapes[b]).reduce(0) { $0 + $1.0 * $1.1 } >= kept
    }
    var chosen: [Int] = []
    var first = 0
    while first < shapes.count {
      var centre = first
      while centre + 1 < shapes.count, (first...centre).allSatisfy({ like($0, centre + 1) }) {
        centre += 1
      }
      chosen.append(centre)
      first = centre + 1
      while first < shapes.count, like(first, centre) { first += 1 }
    }
    return chosen
  }

  /// Maxima above half of the largest, more than a pixel apart.
  static func peaks(_ image: [Double], side: Int) -> Int {
    guard let most = image.max(), most > 0 else { return 0 }
    return image.indices.count { place in
      guard image[place] > most / 2 else { return false }
      let (x, y) = (place % side, place / side)
      for v in max(y - 1, 0)...min(y + 1, side - 1) {
        for u in max(x - 1, 0)...min(x + 1, side - 1) where (u, v) != (x, y) {
          let other = image[v * side + u]
          if other > image[place] || (other == image[place] && (v, u) < (y, x)) { return false }
        }
      }
      return true
    }
  }

  /// Similarity of templates to each other under shifts by whole pixels.
  private static func likeness(
    _ shapes: [[Double]], side: Int
  ) -> (reach: Int, resolution: Double) {
    var reach = 1
    var nearest = Double(side)
    for dy in 0..<side {
      for dx in (dy == 0 ? 0 : 1 - side)..<side {
        var (most, own) = (0.0, 0.0)
        for (i, a) in shapes.enumerated() {
          for (j, b) in shapes.enumerated() where i == j || max(abs(dx), dy) > reach {
            var sum = 0.0
            for y in 0..<side - dy {
              for x in max(0, -dx)..<min(side, side - dx) {
                sum += a[y * side + x] * b[(y + dy) * side + x + dx]
              }
            }
            most = max(most, sum)
            if i == j { own = max(own, sum) }
          }
        }
        if most >= 0.4 { reach = max(reach, abs(dx), dy) }
        if own < 0.5 { nearest = min(nearest, hypot(Double(dx), Double(dy))) }
      }
    }
    return (reach, nearest)
  }
}
