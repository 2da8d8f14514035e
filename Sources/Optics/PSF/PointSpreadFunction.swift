import Microscopy

/// The distribution of a molecule's light over pixels: the share of photons in each, with
/// derivatives.
///
/// Positions in pixels (x to the right, y down, the first pixel's centre is (0, 0)), z in nm.
package protocol PointSpreadFunction: Sendable {
  /// The shares of a block of pixels, row by row, for a molecule at (x, y, z).
  func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [PixelShare]

  /// Range of z in which the PSF is trusted, nm; nil for a PSF that does not depend on z.
  var axialRange: ClosedRange<Double>? { get }
}

/// The share of a molecule's photons that one pixel receives, and its derivatives with respect to
/// the molecule's position (1/px, 1/px, 1/nm).
package struct PixelShare: Hashable, Sendable {
  package var value: Double
  package var byX: Double
  package var byY: Double
  package var byZ: Double

  package init(_ value: Double = 0, byX: Double = 0, byY: Double = 0, byZ: Double = 0) {
    self.value = value
    self.byX = byX
    self.byY = byY
    self.byZ = byZ
  }
}

extension GaussianPSF: PointSpreadFunction {
  package var axialRange: ClosedRange<Double>? { nil }

  package func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [PixelShare] {
    let across = columns.map { profileX(at: $0, centre: x) }
    return rows.flatMap { v in
      let down = profileY(at: v, centre: y)
      return across.map {
        PixelShare(
          $0.value * down.value, byX: $0.slope * down.value, byY: $0.value * down.slope)
      }
    }
  }
}

/// A Gaussian with the widths at z; ∂/∂z by the chain rule.
extension AstigmaticPSF: PointSpreadFunction {
  package var axialRange: ClosedRange<Double>? { zRange }

  /// The Gaussian spot of a molecule at height `z`, nm.
  package func gaussian(at z: Double) -> GaussianPSF {
    GaussianPSF(sigmaX: x.width(at: z), sigmaY: y.width(at: z))
  }

  package func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [PixelShare] {
    let psf = gaussian(at: z)
    let (slopeX, slopeY) = (self.x.slope(at: z), self.y.slope(at: z))
    let across = columns.map { psf.profileX(at: $0, centre: x) }
    return rows.flatMap { v in
      let down = psf.profileY(at: v, centre: y)
      return across.map {
        PixelShare(
          $0.value * down.value, byX: $0.slope * down.value, byY: $0.value * down.slope,
          byZ: $0.widening * slopeX * down.value + $0.value * down.widening * slopeY)
      }
    }
  }
}

extension CalibratedPSF: PointSpreadFunction {
  package var axialRange: ClosedRange<Double>? { zRange }

  package func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [PixelShare] {
    switch self {
    case .astigmatic(let psf): psf.shares(columns: columns, rows: rows, x: x, y: y, z: z)
    case .spline(let psf): psf.shares(columns: columns, rows: rows, x: x, y: y, z: z)
    }
  }
}
