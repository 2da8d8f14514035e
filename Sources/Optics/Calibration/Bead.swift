import Foundation

/// A bead of a stack: its position, its agreement with the others, and why it was rejected, if so.
package struct Bead: Codable, Sendable {
  /// Index of its stack, from 0.
  package var stack: Int
  /// Position in the stack, px.
  package var x: Double
  package var y: Double
  /// Height above the mean of the used beads, nm.
  package var z: Double?
  /// Light in the box in the plane z = 0, in the stack's unit.
  package var light: Double?
  /// Correlation of its pixels with the fitted model, over all planes.
  package var correlation: Double?
  /// The correlation that a perfect model would reach, given the bead's noise.
  package var ceiling: Double?
  /// Misfit beyond noise, rms, as a fraction of the bead's signal, rms.
  package var residual: Double?
  /// Lateral movement relative to the other beads over the stack, px.
  package var drift: Double?
  package var fault: BeadFault?

  init(stack: Int, x: Double, y: Double) {
    self.stack = stack
    self.x = x
    self.y = y
  }
}

/// Why a bead is not used.
package enum BeadFault: Codable, Hashable, Sendable, CustomStringConvertible {
  case border
  /// Distance to the nearest neighbour, px.
  case overlapping(distance: Double)
  case saturated(pixels: Int)
  case notNumbers(pixels: Int)
  /// Light as a fraction of the median bead's.
  case dim(part: Double)
  /// Movement over the stack, px.
  case moved(distance: Double)
  /// Fraction of its light that was lost during the stack.
  case faded(part: Double)
  /// Height relative to the other beads, nm.
  case displaced(z: Double)
  case offShape(residual: Double)

  package var description: String {
    func text(_ value: Double, _ digits: Int) -> String {
      String(format: "%.\(digits)f", value)
    }
    switch self {
    case .border: return "its box extends beyond the image"
    case .overlapping(let distance): return "a neighbour is \(text(distance, 1)) px away"
    case .saturated(let pixels): return "\(pixels) saturated pixels"
    case .notNumbers(let pixels): return "\(pixels) pixels are NaN or infinite"
    case .dim(let part): return "it has \(text(100 * part, 0)) % of the median bead's light"
    case .moved(let distance): return "it moved by \(text(distance, 2)) px relative to the others"
    case .faded(let part): return "its light changed by \(text(100 * part, 0)) % in the stack"
    case .displaced(let z): return "it lies \(text(z, 0)) nm away from the others in z"
    case .offShape(let residual):
      return "its shape differs by \(text(100 * residual, 0)) % from the others"
    }
  }

  /// How many beads have which fault: "2 border, 5 dim".
  package static func summary(_ faults: [BeadFault]) -> String {
    Dictionary(grouping: faults, by: \.name).sorted {
      ($1.value.count, $0.key) < ($0.value.count, $1.key)
    }.map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
  }

  /// One word, for lists and plots.
  package var name: String {
    switch self {
    case .border: "border"
    case .overlapping: "overlapping"
    case .saturated: "saturated"
    case .notNumbers: "not numbers"
    case .dim: "dim"
    case .moved: "moved"
    case .faded: "faded"
    case .displaced: "displaced in z"
    case .offShape: "off shape"
    }
  }
}
