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
    let mode = Self.mode(used.map(\.0).sorted())
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

  /// The maximum of a density estimate of the logarithms: the sum of Gaussians of a width that is
  /// 1.5 n^(−1/5) times that of the shortest half.
  ///
  /// It varies three times less than the half-sample mode.
  private static func mode(_ sorted: [Double]) -> Double {
    let logs = sorted.map { log($0) }
    let half = (logs.count + 1) / 2
    let shortest = (0...logs.count - half).map { logs[$0 + half - 1] - logs[$0] }.min() ?? 0
    let width = max(1.5 * shortest / 1.35 * pow(Double(logs.count), -0.2), 1e-4)
    let steps = 1000
    let (low, high) = (logs[logs.count / 100], logs[logs.count - 1 - logs.count / 100])
    var (best, densest) = (low, 0.0)
    for step in 0...steps {
      let place = low + (high - low) * Double(step) / Double(steps)
      let density = logs.reduce(0) { sum, other in
        let distance = (other - place) / width
        return sum + exp(-distance * distance / 2)
      }
      if density > densest { (best, densest) = (place, density) }
    }
    return exp(best)
  }
}
