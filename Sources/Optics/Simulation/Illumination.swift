import Foundation

/// Distribution of the photons that a molecule sends to the camera in a frame, if it is on
/// throughout.
///
/// Drawn again each time that a molecule switches on.
public enum PhotonLaw: Codable, Hashable, Sendable {
  case fixed(photons: Double)
  case exponential(mean: Double)
  /// `spread` is the standard deviation of the natural logarithm.
  case logNormal(mean: Double, spread: Double)

  func draw(_ random: inout RandomStream) -> Double {
    switch self {
    case .fixed(let photons): photons
    case .exponential(let mean): mean * random.exponential()
    case .logNormal(let mean, let spread):
      mean * exp(spread * random.normal() - spread * spread / 2)
    }
  }

  func check() throws(SimulationError) {
    let mean =
      switch self {
      case .fixed(let photons): photons
      case .exponential(let mean), .logNormal(let mean, _): mean
      }
    try demand(mean > 0 && mean <= 1e7, "photons", "\(mean) must be greater than 0, at most 1e7")
    if case .logNormal(_, let spread) = self {
      try demand(spread >= 0 && spread <= 2, "photons.spread", "\(spread) is not in 0...2")
    }
  }
}

/// Light that does not come from molecules, photons per pixel and frame.
public enum Background: Codable, Hashable, Sendable {
  case flat(level: Double)
  /// Linear across the field, in the direction of `angle`, degrees from x towards y.
  case gradient(from: Double, to: Double, angle: Double)

  /// The level at a position in pixels of a field of `width · height` pixels.
  public func level(x: Double, y: Double, width: Int, height: Int) -> Double {
    switch self {
    case .flat(let level): return level
    case .gradient(let from, let to, let angle):
      let (c, s) = (cos(angle * .pi / 180), sin(angle * .pi / 180))
      // From corner to corner in the given direction, so that the field covers the whole range.
      let reach = abs(c) * Double(width) + abs(s) * Double(height)
      let along = c * (x + 0.5 - Double(width) / 2) + s * (y + 0.5 - Double(height) / 2)
      return from + (to - from) * (0.5 + along / reach)
    }
  }

  func check() throws(SimulationError) {
    let levels =
      switch self {
      case .flat(let level): [level]
      case .gradient(let from, let to, let angle): [from, to, angle.isFinite ? 0 : .nan]
      }
    try demand(
      levels.allSatisfy { $0 >= 0 && $0 <= 1e6 }, "background",
      "must be 0...1e6 photons per pixel everywhere, at a finite angle")
  }
}
