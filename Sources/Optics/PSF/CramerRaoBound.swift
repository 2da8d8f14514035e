import Compute
import Microscopy

/// The smallest possible variance of an unbiased fit of a molecule in a box of pixels.
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
package struct CramerRaoBound: Hashable, Sendable {
  /// x, y, photons, background, then the free widths or z: the order of the matrix rows.
  package let parameters: [Quantity]
  package let information: SymmetricMatrix
  /// Variances on the diagonal, in the squared unit of each parameter.
  package let covariance: SymmetricMatrix

  /// The standard error of a parameter, in its unit; nil if the fit does not have it.
  package subscript(_ parameter: Quantity) -> Double? {
    parameters.firstIndex(of: parameter).map { covariance[$0, $0].squareRoot() }
  }

  /// `x`, `y` are relative to the centre of the box's first pixel; `box` is its side, pixels.
  ///
  /// `sigma` says which widths are fitted too. nil if the information matrix is singular, as for
  /// zero photons.
  package init?(
    psf: GaussianPSF, x: Double, y: Double, photons: Double, background: Double, box: Int,
    sigma: SpotModel.Sigmas = .fixed, noise: PixelNoise = PixelNoise()
  ) {
    let widths: [Quantity] =
      switch sigma {
      case .fixed: []
      case .free: [.sigmaX]
      case .elliptical: [.sigmaX, .sigmaY]
      }
    let columns = (0..<box).map { psf.profileX(at: $0, centre: x) }
    let rows = (0..<box).map { psf.profileY(at: $0, centre: y) }
    self.init(
      [.x, .y, .photons, .background] + widths, photons, background, box, noise
    ) { k in
      let (column, row) = (columns[k % box], rows[k / box])
      let share = column.value * row.value
      let widenX = photons * column.widening * row.value
      let widenY = photons * column.value * row.widening
      let widening =
        switch sigma {
        case .fixed: [Double]()
        case .free: [widenX + widenY]
        case .elliptical: [widenX, widenY]
        }
      let position = [photons * column.slope * row.value, photons * column.value * row.slope]
      return (share, position + [share, 1] + widening)
    }
  }

  /// The bound for a fit of x, y, photons, background and z, in that order, with any PSF.
  ///
  /// `x`, `y` are relative to the centre of the box's first pixel, z is in nm. nil if the
  /// information matrix is singular, as for a PSF that does not change with z.
  package init?(
    psf: some PointSpreadFunction, x: Double, y: Double, z: Double, photons: Double,
    background: Double, box: Int, noise: PixelNoise = PixelNoise()
  ) {
    let shares = psf.shares(columns: 0..<box, rows: 0..<box, x: x, y: y, z: z)
    self.init([.x, .y, .photons, .background, .z], photons, background, box, noise) { k in
      let share = shares[k]
      return (
        share.value,
        [photons * share.byX, photons * share.byY, share.value, 1, photons * share.byZ]
      )
    }
  }

  /// Sums over a box's pixels; `pixel` returns the share of each and the gradient of its mean.
  private init?(
    _ parameters: [Quantity], _ photons: Double, _ background: Double, _ box: Int,
    _ noise: PixelNoise, pixel: (Int) -> (share: Double, gradient: [Double])
  ) {
    precondition(
      noise.readVariance.count == 1 || noise.readVariance.count == box * box,
      "read variance is one value, or one per pixel of the box")
    var information = SymmetricMatrix(order: parameters.count)
    for k in 0..<box * box {
      let (share, gradient) = pixel(k)
      let electrons = noise.efficiency * (photons * share + background)
      let variance = noise.excess * electrons + noise.readVariance(at: k)
      guard variance > 0 else { continue }
      information.addOuterProduct(
        of: gradient, weight: noise.efficiency * noise.efficiency / variance)
    }
    guard let covariance = information.inverse else { return nil }
    self.parameters = parameters
    self.information = information
    self.covariance = covariance
  }
}
