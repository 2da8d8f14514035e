import Microscopy

/// z computed afterwards from the widths of an elliptical Gaussian that was fitted without z.
extension AstigmaticPSF {
  /// A height, its standard error, and the distance of the widths from the curves there.
  package struct Height: Hashable, Sendable {
    /// nm
    package var z: Double
    /// nm
    package var error: Double
    /// D = √((√σx − √σx(z))² + (√σy − √σy(z))²), √px.
    package var distance: Double
  }

  /// The z of the range at which the curves are nearest to a pair of widths (px), by the least D²
  /// (Huang et al., Science 319, 810 (2008)); its error is propagated from those of the widths.
  package func height(
    sigmaX: Double, sigmaY: Double, errorX: Double, errorY: Double
  ) -> Height {
    let roots = (sigmaX.squareRoot(), sigmaY.squareRoot())
    func squared(_ z: Double) -> Double {
      let (dx, dy) = (
        roots.0 - x.width(at: z).squareRoot(), roots.1 - y.width(at: z).squareRoot()
      )
      return dx * dx + dy * dy
    }
    let parts = 64
    let step = (zRange.upperBound - zRange.lowerBound) / Double(parts)
    let near = (0...parts).map { zRange.lowerBound + Double($0) * step }
      .min { squared($0) < squared($1) }!
    // Golden-section search around the nearest point of the raster.
    var (low, high) = (max(near - step, zRange.lowerBound), min(near + step, zRange.upperBound))
    let golden = 0.6180339887498949
    while high - low > 0.01 {
      let (left, right) = (high - golden * (high - low), low + golden * (high - low))
      if squared(left) < squared(right) { high = right } else { low = left }
    }
    let z = (low + high) / 2
    let (a, b) = (rootSlope(x, z), rootSlope(y, z))
    let (ex, ey) = (errorX / (2 * roots.0), errorY / (2 * roots.1))
    let error = (a * a * ex * ex + b * b * ey * ey).squareRoot() / (a * a + b * b)
    return Height(z: z, error: error, distance: squared(z).squareRoot())
  }

  /// d√σ/dz
  private func rootSlope(_ curve: WidthCurve, _ z: Double) -> Double {
    curve.slope(at: z) / (2 * curve.width(at: z).squareRoot())
  }
}
