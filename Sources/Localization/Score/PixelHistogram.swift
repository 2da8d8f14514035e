/// Where in their pixels positions lie. Molecules know nothing of pixels, so each part of a pixel
/// should have as many.
package struct PixelHistogram: Codable, Hashable, Sendable {
  /// Positions in each tenth of a pixel, from its left or upper edge.
  package private(set) var counts = [Int](repeating: 0, count: 10)

  package init() {}

  /// - Parameter position: px; whole numbers are the centres of pixels.
  package mutating func add(_ position: Double) {
    let part = (position + 0.5) - (position + 0.5).rounded(.down)
    guard part.isFinite else { return }
    counts[min(Int(part * Double(counts.count)), counts.count - 1)] += 1
  }

  /// The relative deviation from even, rms, without that of chance.
  package var unevenness: Double {
    let even = Double(counts.reduce(0, +)) / Double(counts.count)
    guard even > 0 else { return 0 }
    let excess = counts.reduce(0.0) { $0 + (Double($1) - even) * (Double($1) - even) / even }
    return max((excess - Double(counts.count - 1)) / even / Double(counts.count), 0).squareRoot()
  }
}
