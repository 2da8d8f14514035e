import Foundation

/// How large true errors are beside the stated ones, from molecules that are seen in two frames.
///
/// The squared distance of two sightings along x and y, each over its stated variance, is
/// exponential with the mean 2 κ². Other molecules that are near by chance are uniform in it. Both
/// are fitted to all distances by maximum likelihood.
///
/// An error that is the same in both frames, such as a bias towards the middle of a pixel, cannot
/// be seen in this way.
package struct ErrorScale: Codable, Hashable, Sendable {
  /// κ: true errors over stated ones.
  package let factor: Double
  /// Standard error of κ.
  package let error: Double
  /// Pairs that are the same molecule, as a part of all.
  package let share: Double
  package let pairs: Int

  /// Squared distances up to this are used: true for 7 standard errors.
  package static let most = 50.0
  private static let fewest = 100

  /// nil if there are too few pairs.
  ///
  /// - Parameter squares: squared distances in units of the stated variances, up to `most`.
  package init?(squares: [Double]) {
    guard squares.count >= Self.fewest else { return nil }
    var (mean, share) = (4.0, 0.5)
    for _ in 0..<300 {
      var (weight, sum) = (0.0, 0.0)
      for square in squares {
        let own = share * Self.density(square, mean)
        let part = own / (own + (1 - share) / Self.most)
        weight += part
        sum += part * square
      }
      guard weight > 1 else { return nil }
      let last = (mean, share)
      share = weight / Double(squares.count)
      mean = Self.mean(ofTruncated: sum / weight)
      if abs(mean - last.0) < 1e-9 * mean, abs(share - last.1) < 1e-9 { break }
    }
    self.share = share
    pairs = squares.count
    factor = (mean / 2).squareRoot()
    // The information of mean and share, from the score of each pair.
    var (a, b, c) = (0.0, 0.0, 0.0)
    for square in squares {
      let (own, step) = (Self.density(square, mean), 1e-4 * mean)
      let slope =
        (Self.density(square, mean + step) - Self.density(square, mean - step)) / (2 * step)
      let total = share * own + (1 - share) / Self.most
      let (first, second) = (share * slope / total, (own - 1 / Self.most) / total)
      a += first * first
      b += first * second
      c += second * second
    }
    let variance = c / (a * c - b * b)
    // dκ = d(mean) / 4κ.
    error = variance.squareRoot() / (4 * factor)
    guard error.isFinite, error < factor else { return nil }
  }

  /// Of an exponential law that is cut at `most`.
  private static func density(_ square: Double, _ mean: Double) -> Double {
    exp(-square / mean) / (mean * -expm1(-most / mean))
  }

  /// The mean of the law before it was cut, from the mean after: bisection.
  private static func mean(ofTruncated mean: Double) -> Double {
    var (low, high) = (1e-6, 1e4)
    for _ in 0..<80 {
      let middle = (low * high).squareRoot()
      if middle - most / expm1(most / middle) < mean { low = middle } else { high = middle }
    }
    return (low * high).squareRoot()
  }
}
