import Foundation

/// A Zernike polynomial with its amplitude, normalised to a root mean square of 1 over the pupil.
///
/// n and m as in ANSI Z80.28: m ≥ 0 for cos mφ, m < 0 for sin |m|φ, with φ from x towards y.
public struct ZernikeTerm: Codable, Hashable, Sendable {
  public var n: Int
  public var m: Int
  /// Root mean square, waves.
  public var waves: Double

  public init(n: Int, m: Int, waves: Double) {
    self.n = n
    self.m = m
    self.waves = waves
  }

  var isPossible: Bool {
    0...20 ~= n && abs(m) <= n && (n - abs(m)).isMultiple(of: 2) && abs(waves) <= 100
  }

  /// The polynomial at a point of the unit disc, without its amplitude.
  func value(x: Double, y: Double) -> Double {
    let (radius, angle) = (min(hypot(x, y), 1), atan2(y, x))
    let order = abs(m)
    var radial = 0.0
    for k in 0...(n - order) / 2 {
      let sign = k.isMultiple(of: 2) ? 1.0 : -1.0
      radial +=
        sign * factorial(n - k)
        / (factorial(k) * factorial((n + order) / 2 - k) * factorial((n - order) / 2 - k))
        * pow(radius, Double(n - 2 * k))
    }
    let norm = (Double(n + 1) * (m == 0 ? 1 : 2)).squareRoot()
    return norm * radial * (m < 0 ? sin(Double(order) * angle) : cos(Double(order) * angle))
  }

  private func factorial(_ n: Int) -> Double { n < 2 ? 1 : (2...n).reduce(1) { $0 * Double($1) } }
}

/// A phase that a mask adds in the pupil.
public enum PhaseMask: Codable, Hashable, Sendable {
  /// Radians on a square of `side · side` points that encloses the pupil, row by row.
  case map(side: Int, radians: [Float])
  /// Rings of equal area with spiral phases of 1, 3, 5, … turns: two lobes that rotate with z.
  ///
  /// Prasad, Opt. Lett. 38, 585 (2013); two lobes as in Berlich & Stallinga, Opt. Express 26, 4873
  /// (2018).
  case doubleHelix(rings: Int)

  var problem: String? {
    switch self {
    case .map(let side, let radians):
      if !(2...4096 ~= side) || radians.count != side * side {
        return "a phase mask of \(radians.count) values is not a square of 2 to 4096 points"
      }
      return radians.allSatisfy(\.isFinite)
        ? nil : "the phase mask holds a value that is not a number"
    case .doubleHelix(let rings):
      return 1...20 ~= rings ? nil : "a double helix of \(rings) rings is not in 1...20"
    }
  }

  /// Radians at a point of the unit disc.
  func phase(x: Double, y: Double) -> Double {
    switch self {
    case .map(let side, let radians):
      func index(_ t: Double) -> Int {
        min(max(Int((t + 1) / 2 * Double(side)), 0), side - 1)
      }
      return Double(radians[index(y) * side + index(x)])
    case .doubleHelix(let rings):
      let ring = min(Int((x * x + y * y) * Double(rings)), rings - 1)
      return Double(2 * ring + 1) * atan2(y, x)
    }
  }
}
