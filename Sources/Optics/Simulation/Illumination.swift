import Foundation
import Reporting

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

  public static let photons = Setting(
    .photons, standard: 1000.0, allowed: .above(0, upTo: 1e7),
    "photons of a molecule in a full frame")
  public static let spread = Setting(
    .photonSpread, standard: 0.0, allowed: .within(0...2),
    "standard deviation of the log of the photon count; 0 for equal counts")

  func check() throws(SettingsError) {
    switch self {
    case .fixed(let photons), .exponential(let photons): try Self.photons.check(photons)
    case .logNormal(let mean, let spread):
      try Self.photons.check(mean)
      try Self.spread.check(spread)
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

  public static let level = Setting(
    .background, unit: "photons", standard: 10.0, allowed: .within(0...1e6),
    "background photons per pixel")
  public static let bright = Setting<Double?>(
    .bright, unit: "photons", standard: nil, allowed: .optional(level.allowed),
    "simulate uniform light of this many photons per pixel: a level for a camera calibration")

  func check() throws(SettingsError) {
    switch self {
    case .flat(let level): try Self.level.check(level)
    case .gradient(let from, let to, let angle):
      try Self.level.check(from)
      try Self.level.check(to)
      try demand(angle.isFinite, "background", "must be at a finite angle")
    }
  }
}
