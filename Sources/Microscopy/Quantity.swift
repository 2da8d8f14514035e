/// The unit of a column of a localization table.
public enum Unit: String, Codable, Hashable, Sendable {
  case none = ""
  case pixel = "px"
  case nanometre = "nm"
  case photon = "photon"
  case photonPerPixel = "photon/px"
  case degree = "deg"
}

/// A named column with a unit: the meaning of one value of a localization.
///
/// Positions follow one convention everywhere inside Glint: x to the right, y down, in camera pixels,
/// **the first pixel's centre is (0, 0)**; z in nm.
public struct Quantity: Hashable, Sendable {
  public let name: String
  public let unit: Unit

  /// A column unknown to Glint, under its name in the file.
  public init(_ name: String, _ unit: Unit) {
    self.name = name
    self.unit = unit
  }

  public static let x = Quantity("x", .pixel)
  public static let y = Quantity("y", .pixel)
  public static let z = Quantity("z", .nanometre)
  /// Photons in the whole PSF.
  public static let photons = Quantity("photons", .photon)
  /// Background photons per pixel.
  public static let background = Quantity("background", .photonPerPixel)
  public static let sigmaX = Quantity("sigma_x", .pixel)
  public static let sigmaY = Quantity("sigma_y", .pixel)
  /// Standard errors: the square root of the Cramér–Rao bound, in the unit of the parameter.
  public static let xError = Quantity("x_error", .pixel)
  public static let yError = Quantity("y_error", .pixel)
  public static let zError = Quantity("z_error", .nanometre)
  public static let photonsError = Quantity("photons_error", .photon)
  public static let backgroundError = Quantity("background_error", .photonPerPixel)
  public static let sigmaXError = Quantity("sigma_x_error", .pixel)
  public static let sigmaYError = Quantity("sigma_y_error", .pixel)
  /// Twice the log-likelihood ratio of the saturated model to the fit (Poisson deviance).
  public static let logLikelihoodRatio = Quantity("log_likelihood_ratio", .none)
  /// Pearson's χ² per degree of freedom; about 1 if the model and the noise are right.
  public static let reducedChiSquare = Quantity("reduced_chi_square", .none)
  /// Twice the log-likelihood that a molecule adds to those around it.
  public static let likelihoodRatio = Quantity("likelihood_ratio", .none)
  /// Photons divided by their standard error, jointly with all neighbours: whether the data can tell
  /// that the molecule exists. Below about 3 it may be part of another.
  public static let separability = Quantity("separability", .none)
  /// Other molecules that are fitted together with this one.
  public static let neighbours = Quantity("neighbours", .none)
  /// 1 if the edge of the frame cuts the molecule's image, otherwise 0.
  public static let edge = Quantity("edge", .none)
  public static let iterations = Quantity("iterations", .none)
  /// How the fit ended: see `FitState`.
  public static let state = Quantity("state", .none)
  /// The detector's score (its unit depends on the detector).
  public static let score = Quantity("score", .none)
  /// Probability that the row is a molecule, from a network.
  public static let probability = Quantity("probability", .none)
  /// Number of the emitter in simulated truth, or of the row in another program's file.
  public static let id = Quantity("id", .none)
  /// Number of frames merged into the row.
  public static let detections = Quantity("detections", .none)
}

/// How a fit ended.
public enum FitState: Int, Codable, Hashable, Sendable, CaseIterable {
  /// The fit converged: its step fell below the tolerance.
  case converged = 0
  /// The fit reached the iteration limit.
  case exhausted = 1
  /// The information matrix could not be factorised.
  case singular = 2
  /// The position is outside the box.
  case escaped = 3
  /// A pixel of the box is NaN or infinite.
  case invalid = 4

  /// The state as a word.
  public var name: String {
    switch self {
    case .converged: "converged"
    case .exhausted: "exhausted"
    case .singular: "singular"
    case .escaped: "escaped"
    case .invalid: "invalid"
    }
  }
}
