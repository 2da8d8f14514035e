import Foundation
import Microscopy

/// Two equal Gaussian lobes that rotate around the molecule with z: the simplest double helix.
///
/// The centres of the lobes are at ±`separation`/2 in the direction `angle` + `turn` · z, from x
/// towards y. With a separation of 4 σ and a quarter of a turn per micrometre it is the double
/// helix of the simulator in storm-analysis.
public struct RotatingLobes: Codable, Hashable, Sendable, PointSpreadFunction {
  /// Width of a lobe, px.
  public var sigma: Double
  /// Distance between the lobes, px.
  public var separation: Double
  /// Direction at z = 0, radians.
  public var angle: Double
  /// Radians per nm.
  public var turn: Double

  public init(
    sigma: Double, separation: Double? = nil, angle: Double = .pi / 4, turn: Double = .pi / 2000
  ) {
    self.sigma = sigma
    self.separation = separation ?? 4 * sigma
    self.angle = angle
    self.turn = turn
  }

  /// Why the settings are invalid; nil if the PSF can be drawn.
  public var problem: String? {
    guard sigma >= 0.3, sigma <= 10, separation >= 0, separation <= 40 else {
      return "lobes of \(sigma) px, \(separation) px apart, are out of range"
    }
    return angle.isFinite && turn.isFinite ? nil : "the lobes' angle is not a number"
  }

  package var axialRange: ClosedRange<Double>? { nil }

  package func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [PixelShare] {
    let lobe = GaussianPSF(sigma: sigma)
    let (c, s) = (cos(angle + turn * z) * separation / 2, sin(angle + turn * z) * separation / 2)
    func half(_ sign: Double) -> [PixelShare] {
      lobe.shares(columns: columns, rows: rows, x: x + sign * c, y: y + sign * s, z: z).map {
        PixelShare(
          $0.value / 2, byX: $0.byX / 2, byY: $0.byY / 2,
          byZ: sign * turn * (c * $0.byY - s * $0.byX) / 2)
      }
    }
    return zip(half(1), half(-1)).map {
      PixelShare(
        $0.value + $1.value, byX: $0.byX + $1.byX, byY: $0.byY + $1.byY, byZ: $0.byZ + $1.byZ)
    }
  }

  /// The spline used for drawing and fitting, wide enough for both lobes and a box around them.
  func spline(
    zRange: ClosedRange<Double>, pixelSize: Double
  ) throws(SplinePSFError) -> SplinePSF {
    let reach = Int((separation / 2 + 5 * sigma).rounded(.up)) + 4
    let range =
      zRange.upperBound > zRange.lowerBound
      ? zRange : zRange.lowerBound - 20...zRange.upperBound + 20
    return try SplinePSF(
      sampling: self, side: 2 * reach + 1, zStep: 20, zRange: range, pixelSize: pixelSize)
  }
}
