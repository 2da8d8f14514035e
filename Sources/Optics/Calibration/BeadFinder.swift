import Foundation

/// Finds beads in a stack, and rejects those that are unusable by their own appearance, with the
/// reason.
package struct BeadFinder {
  let roi: Int
  /// Pixels around the box that are needed for sub-pixel shifts.
  package static let margin = 1

  /// The part of a bead's light that a neighbour may add to its box.
  private static let allowed = 0.05

  /// Candidates in stack number `index`, brightest first.
  func beads(in stack: BeadStack, index: Int) -> [Bead] {
    let projection = stack.projection
    let (candidates, background) = maxima(of: projection, stack.width, stack.height)
    let image = Image(
      pixels: projection, width: stack.width, height: stack.height, background: background)
    let median = Statistics.median(candidates.map(\.height))
    let top = stack.pixels.max { $0.isFinite && $1.isFinite ? $0 < $1 : !$0.isFinite }
    return candidates.map { candidate in
      var bead = Bead(stack: index, x: candidate.x, y: candidate.y)
      let place = (x: Int(candidate.x.rounded()), y: Int(candidate.y.rounded()))
      let reach = roi / 2 + Self.margin
      guard place.x >= reach, place.y >= reach, place.x + reach < stack.width,
        place.y + reach < stack.height
      else {
        bead.fault = .border
        return bead
      }
      let pixels = stack.crop(x: place.x, y: place.y, side: 2 * reach + 1)
      let lost = pixels.count { !$0.isFinite }
      let neighbour = candidates.filter {
        ($0.x, $0.y) != (candidate.x, candidate.y) && $0.height > candidate.height / 10
          && max(abs($0.x - candidate.x), abs($0.y - candidate.y)) < 0.8 * Double(roi)
          && light(of: $0, inTheBoxOf: candidate, image) > Self.allowed
      }.map { hypot($0.x - candidate.x, $0.y - candidate.y) }.min()
      if lost > 0 {
        bead.fault = .notNumbers(pixels: lost)
      } else if let neighbour {
        bead.fault = .overlapping(distance: neighbour)
      } else if let saturated = saturated(pixels, stack.planes, top: Double(top ?? 0)) {
        bead.fault = .saturated(pixels: saturated)
      } else if candidates.count > 2, candidate.height < 0.2 * median {
        bead.fault = .dim(part: candidate.height / median)
      }
      return bead
    }
  }

  private struct Candidate {
    var x: Double
    var y: Double
    /// Above the background, in the smoothed projection.
    var height: Double
  }

  /// A mean over planes, and the level of its background.
  private struct Image {
    var pixels: [Double]
    var width: Int
    var height: Int
    var background: Double
  }

  /// The light that a neighbour adds to a bead's box, as a part of the bead's: what exceeds the
  /// bead's own image, which is the median at the same distance from it.
  private func light(of other: Candidate, inTheBoxOf bead: Candidate, _ image: Image) -> Double {
    let (cx, cy) = (Int(bead.x.rounded()), Int(bead.y.rounded()))
    // Rings reach into the box's corners.
    let reach = roi * 3 / 4 + 1
    var rings = [[Double]](repeating: [], count: reach + 1)
    var near: [(ring: Int, value: Double)] = []
    var all = 0.0
    for v in max(0, cy - reach)...min(image.height - 1, cy + reach) {
      for u in max(0, cx - reach)...min(image.width - 1, cx + reach) {
        let value = image.pixels[v * image.width + u]
        let away = hypot(Double(u) - bead.x, Double(v) - bead.y)
        let ring = Int(away.rounded())
        guard ring <= reach else { continue }
        rings[ring].append(value)
        guard abs(u - cx) <= roi / 2, abs(v - cy) <= roi / 2 else { continue }
        all += value - image.background
        if hypot(Double(u) - other.x, Double(v) - other.y) < away { near.append((ring, value)) }
      }
    }
    let levels = rings.map { Statistics.median($0) }
    let excess = near.reduce(0) { $0 + $1.value - levels[$1.ring] }
    let own = all - max(excess, 0)
    return own > 0 ? excess / own : .infinity
  }

  /// Maxima of the smoothed projection, and the level of its background; smoothing merges the lobes of one bead, but not beads a box
  /// apart.
  private func maxima(
    of projection: [Double], _ width: Int, _ height: Int
  ) -> (found: [Candidate], background: Double) {
    let sigma = Double(roi) / 7
    let smooth = Self.smoothed(projection, width, height, sigma: sigma)
    // Noise of a pixel from differences of neighbours, reduced by the factor due to smoothing.
    let steps = (0..<height).flatMap { v in
      (1..<width).map { abs(projection[v * width + $0] - projection[v * width + $0 - 1]) }
    }
    let noise = 1.4826 * Statistics.median(steps) / 2.0.squareRoot()
    let background = Statistics.quantile(smooth, 0.2)
    let top = (smooth.max() ?? 0) - background
    let threshold = max(
      8 * noise / (2 * Double.pi.squareRoot() * sigma), 0.003 * top,
      1e-6 * abs(background) + .leastNormalMagnitude)
    let reach = max(2, roi / 4)
    var result: [Candidate] = []
    for v in 0..<height {
      for u in 0..<width {
        let here = smooth[v * width + u]
        guard here - background > threshold else { continue }
        let isTop = (max(0, v - reach)...min(height - 1, v + reach)).allSatisfy { y in
          (max(0, u - reach)...min(width - 1, u + reach)).allSatisfy { x in
            let other = smooth[y * width + x]
            return other < here || other == here && (y, x) >= (v, u)
          }
        }
        guard isTop else { continue }
        let (x, y) = centre(of: projection, width, height, x: u, y: v)
        result.append(Candidate(x: x, y: y, height: here - background))
      }
    }
    // A maximum below a tenth of the height of a close one is part of that one.
    let own = result.filter { small in
      !result.contains {
        $0.height > 10 * small.height
          && max(abs($0.x - small.x), abs($0.y - small.y)) < 1.5 * Double(roi)
      }
    }.sorted { $0.height > $1.height }
    return (own, background)
  }

  /// Centroid of the light around a maximum, computed twice so that it does not depend on the
  /// window.
  private func centre(
    of image: [Double], _ width: Int, _ height: Int, x: Int, y: Int
  ) -> (Double, Double) {
    var (cx, cy) = (Double(x), Double(y))
    let half = roi / 3
    for _ in 0..<3 {
      let columns = max(0, Int(cx.rounded()) - half)...min(width - 1, Int(cx.rounded()) + half)
      let rows = max(0, Int(cy.rounded()) - half)...min(height - 1, Int(cy.rounded()) + half)
      let values = rows.flatMap { v in columns.map { image[v * width + $0] } }
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      let floor = low + 0.3 * (high - low)
      var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
      for v in rows {
        for u in columns {
          let weight = max(0, image[v * width + u] - floor)
          sum += weight
          sumX += weight * Double(u)
          sumY += weight * Double(v)
        }
      }
      guard sum > 0 else { break }
      (cx, cy) = (sumX / sum, sumY / sum)
    }
    // The centroid must stay near its maximum.
    return hypot(cx - Double(x), cy - Double(y)) < Double(half) ? (cx, cy) : (Double(x), Double(y))
  }

  /// Pixels at the stack's largest value, if they accumulate there: more of them in a plane than
  /// pixels that come close.
  private func saturated(_ pixels: [Double], _ planes: Int, top: Double) -> Int? {
    let size = pixels.count / planes
    let piled = (0..<planes).contains { k in
      let plane = pixels[k * size..<(k + 1) * size]
      let full = plane.count { $0 >= top }
      return full >= 3 && full > plane.count { $0 >= 0.93 * top && $0 < top }
    }
    return piled ? pixels.count { $0 >= top } : nil
  }

  /// A Gaussian filter that treats pixels outside the image as zero.
  static func smoothed(
    _ image: [Double], _ width: Int, _ height: Int, sigma: Double
  ) -> [Double] {
    let reach = Int((3 * sigma).rounded(.up))
    let kernel = (0...reach).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
    func line(_ values: [Double]) -> [Double] {
      values.indices.map { i in
        var (sum, weights) = (0.0, 0.0)
        for j in max(0, i - reach)...min(values.count - 1, i + reach) {
          sum += kernel[abs(i - j)] * values[j]
          weights += kernel[abs(i - j)]
        }
        return sum / weights
      }
    }
    var result = image
    for v in 0..<height {
      result.replaceSubrange(
        v * width..<(v + 1) * width, with: line(Array(image[v * width..<(v + 1) * width])))
    }
    for u in 0..<width {
      let column = line((0..<height).map { result[$0 * width + u] })
      for v in 0..<height { result[v * width + u] = column[v] }
    }
    return result
  }
}
