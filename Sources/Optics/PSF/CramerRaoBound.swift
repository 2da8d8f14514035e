import Microscopy

/// The least variance with which an unbiased fit can find a molecule in a box of pixels.
///
/// Fisher information `I_ij = Σ_k ∂_i m_k ∂_j m_k / v_k`, with `m` the expected photoelectrons of
/// pixel k and `v` their variance; the bound is the inverse. Read noise enters as a shift of the
/// variance (Huang et al., Nat. Methods 10, 653 (2013)), an EM register as a factor 2.
///
/// Example: the standard error of x, in pixels, of 1000 photons in the middle of a 7×7 box:
/// ```swift
/// let bound = CramerRaoBound(
///   psf: GaussianPSF(sigma: 1.3), x: 3, y: 3, photons: 1000, background: 10, box: 7)
/// bound?[.x]
/// ```
public struct CramerRaoBound: Hashable, Sendable {
  /// Which widths the fit has to find along with position, photons and background.
  public enum Sigma: String, Codable, Hashable, Sendable, CaseIterable {
    case fixed
    case free
    case elliptical
  }

  /// x, y, photons, background, then the free widths; order of the matrices' rows.
  public let parameters: [Quantity]
  public let information: SymmetricMatrix
  /// Variances on the diagonal, in the squared unit of each parameter.
  public let covariance: SymmetricMatrix

  /// The standard error of a parameter, in its unit; nil where the fit does not have it.
  public subscript(_ parameter: Quantity) -> Double? {
    parameters.firstIndex(of: parameter).map { covariance[$0, $0].squareRoot() }
  }

  /// `x`, `y` count from the centre of the box's first pixel; `box` is its side, pixels.
  ///
  /// nil where the information is singular, as for zero photons.
  public init?(
    psf: GaussianPSF, x: Double, y: Double, photons: Double, background: Double, box: Int,
    sigma: Sigma = .fixed, noise: PixelNoise = PixelNoise()
  ) {
    precondition(
      noise.readVariance.count == 1 || noise.readVariance.count == box * box,
      "read variance is one value, or one per pixel of the box")
    switch sigma {
    case .fixed: parameters = [.x, .y, .photons, .background]
    case .free: parameters = [.x, .y, .photons, .background, .sigmaX]
    case .elliptical: parameters = [.x, .y, .photons, .background, .sigmaX, .sigmaY]
    }
    let columns = (0..<box).map { psf.profileX(at: $0, centre: x) }
    let rows = (0..<box).map { psf.profileY(at: $0, centre: y) }
    var information = SymmetricMatrix(order: parameters.count)
    for (v, row) in rows.enumerated() {
      for (u, column) in columns.enumerated() {
        let share = column.value * row.value
        let widenX = photons * column.widening * row.value
        let widenY = photons * column.value * row.widening
        let widths =
          switch sigma {
          case .fixed: [Double]()
          case .free: [widenX + widenY]
          case .elliptical: [widenX, widenY]
          }
        let gradient =
          [photons * column.slope * row.value, photons * column.value * row.slope, share, 1]
          + widths
        let electrons = noise.efficiency * (photons * share + background)
        let variance = noise.excess * electrons + noise.readVariance(at: v * box + u)
        guard variance > 0 else { continue }
        information.addOuterProduct(
          of: gradient, weight: noise.efficiency * noise.efficiency / variance)
      }
    }
    guard let covariance = information.inverse else { return nil }
    self.information = information
    self.covariance = covariance
  }
}
