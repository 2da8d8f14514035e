import Compute

/// Widths of a bead in one plane, from the fit of an elliptical Gaussian.
package struct WidthSample: Codable, Hashable, Sendable {
  package var bead: Int
  /// Height of the bead, nm.
  package var z: Double
  /// Widths, px.
  package var sigmaX: Double
  package var sigmaY: Double
}

/// Fits every plane of a bead with an elliptical Gaussian.
struct WidthFit {
  /// Side of the boxes, odd.
  let side: Int

  /// σx, σy of each spot, px; nil if the fit did not converge or a width is not plausible.
  func widths(_ spots: [[Float]]) throws -> [(x: Double, y: Double)?] {
    let box = min(side, 31)
    let cut = (side - box) / 2
    let model = SpotModel(.elliptical, box: box, sigmaX: 1.5)
    let inner = spots.map { spot in
      (cut..<cut + box).flatMap { spot[$0 * side + cut..<$0 * side + cut + box] }
    }
    return try SpotRun.parameters(of: inner, box: box) { graph, spots, total in
      let fitted = try graph.apply(FitSpots(model, iterations: 100), to: [spots, total])
      return (fitted[0], fitted[2])
    }.map { theta in
      guard let theta, theta[4...5].allSatisfy({ $0 > 0.4 && $0 < Double(box) / 2 }) else {
        return nil
      }
      return (theta[4], theta[5])
    }
  }
}
