import Foundation
import Optics

/// The brightness of a movie's molecules, learned from fits in which it was free.
///
/// Only molecules whose photons are known well are used. The mode, and the width below it, are those
/// of single molecules: above the mode are also pairs that were fitted as one.
package struct BrightnessLaw: Hashable, Sendable {
  /// The mode, in the unit of the photons.
  package let photons: Double
  /// The relative width below the mode, without the errors of the fits.
  package let width: Double
  /// Part of the molecules between 0.7 and 1.43 modes.
  package let inside: Double
  /// Molecules that were used.
  package let molecules: Int

  /// Molecules whose photons are at least this many times their error are used.
  package static let leastSeparability = 10.0
  /// With fewer molecules nothing is learned.
  package static let leastMolecules = 200
  private static let widest = 0.5
  private static let leastInside = 0.4
  private static let narrowest = 0.05

  /// nil if there are hardly any molecules.
  ///
  /// - Parameters:
  ///   - photons: of each molecule.
  ///   - errors: their standard errors.
  package init?(photons: [Double], errors: [Double]) {
    let used = zip(photons, errors).filter { $0 > Self.leastSeparability * $1 }
    guard used.count >= 10 else { return nil }
    let mode = Statistics.logarithmicMode(used.map(\.0))
    self.photons = mode
    molecules = used.count
    let below = used.filter { $0.0 < mode }.map { log(mode / $0.0) }
    let seen = below.isEmpty ? 0 : below.median / 0.6745
    let error = used.map { $1 / $0 }.median
    width = max(seen * seen - error * error, 0).squareRoot()
    inside = Double(used.count { (0.7...1.43).contains($0.0 / mode) }) / Double(used.count)
  }

  /// The relative width that a fit may assume; nil if brightness varies too much, or too few
  /// molecules show it.
  package var spread: Double? {
    guard molecules >= Self.leastMolecules, width <= Self.widest, inside >= Self.leastInside
    else { return nil }
    return max(width, Self.narrowest)
  }
}
