import Microscopy

/// What the columns of a table mean, for users.
public enum ColumnGuide {
  public struct Entry: Sendable {
    public let quantity: Quantity
    public let meaning: String
    /// The name in ThunderSTORM's CSV and in Picasso's HDF5; nil if the column has Glint's own name
    /// there.
    public let thunderstorm: String?
    public let picasso: String?
  }

  /// Every column that Glint knows, the most common ones first.
  public static let entries: [Entry] = meanings.map { quantity, meaning in
    let name = thunderstorm[quantity]
    let picasso = PicassoColumns.names.first { $0.quantity == quantity }?.name
    return Entry(
      quantity: quantity, meaning: meaning, thunderstorm: name,
      picasso: picasso == quantity.name ? nil : picasso)
  }

  public static func meaning(of state: FitState) -> String {
    switch state {
    case .converged: "the step of the fit fell below the tolerance"
    case .exhausted: "the limit of iterations was reached"
    case .singular: "the data do not determine the parameters, so errors are unknown"
    case .escaped: "the position left the box of the fit"
    case .invalid: "a pixel of the box is not a number"
    }
  }

  private static let thunderstorm: [Quantity: String] = [
    .sigmaX: "sigma or sigma1", .sigmaY: "sigma2", .photons: "intensity", .background: "offset",
    .xError: "in uncertainty_xy", .yError: "in uncertainty_xy", .zError: "uncertainty_z",
  ]

  private static let meanings: [(Quantity, String)] = [
    (.x, "position to the right"), (.y, "position down"), (.z, "height"),
    (.photons, "photons of the molecule in this frame"), (.background, "photons in each pixel"),
    (.sigmaX, "width of the spot along x, or along both axes if there is no sigma_y"),
    (.sigmaY, "width of the spot along y"),
    (.xError, "standard error of x, from the Cramér–Rao bound"), (.yError, "standard error of y"),
    (.zError, "standard error of z"), (.photonsError, "standard error of photons"),
    (.backgroundError, "standard error of background"),
    (.sigmaXError, "standard error of sigma_x"), (.sigmaYError, "standard error of sigma_y"),
    (.logLikelihoodRatio, "twice the log-likelihood ratio of the perfect model to the fit"),
    (.likelihoodRatio, "twice the log-likelihood that the molecule adds to those around it"),
    (
      .separability,
      "photons over their error, jointly with neighbours; below 3 the molecule may be part of another"
    ),
    (.neighbours, "other molecules that are fitted together with this one"),
    (.edge, "1 if the frame's edge cuts the molecule's image"),
    (.reducedChiSquare, "χ² per degree of freedom; about 1 if model and noise are right"),
    (.iterations, "steps of the fit"), (.state, "how the fit ended, see below"),
    (.score, "value of the detector's filter at the spot"),
    (.probability, "probability of a molecule, from a network"),
    (.id, "number of the row, or of the molecule in simulated truth"),
    (.detections, "frames that were merged into the row"),
    (.backgroundDeviation, "standard deviation of the residuals (ThunderSTORM)"),
    (.chiSquare, "sum of squared residuals (ThunderSTORM)"),
  ]
}
