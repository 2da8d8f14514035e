import Foundation
import Microscopy

/// The agreement of a table with the truth, by the rules of the SMLM challenge.
///
/// Example:
/// ```swift
/// let score = try Score(of: localizations, against: simulation.truth)
/// print(score.jaccard, score.lateralRMSE)
/// ```
/// Errors are localization minus molecule over all pairs, in nm; nil without pairs.
public struct Score: Codable, Hashable, Sendable {
  public let settings: ScoreSettings
  /// Pairs; localizations without a molecule; molecules without a localization.
  public let truePositives: Int
  public let falsePositives: Int
  public let falseNegatives: Int
  /// Localizations paired with molecules that do not count.
  public let setAside: Int
  /// Excluded rows: within the border, in other frames, or without a finite position.
  public let excludedLocalizations: Int
  public let excludedMolecules: Int
  public let x: AxisError?
  public let y: AxisError?
  /// nil unless both tables have z.
  public let z: AxisError?
  public let zRelation: AxialRelation?
  /// Root mean square of the lateral distance.
  public let lateralRMSE: Double?
  /// Error over reported standard error; nil if the table does not report one.
  public let xErrorRatio: ErrorRatio?
  public let yErrorRatio: ErrorRatio?
  public let zErrorRatio: ErrorRatio?
  public let photonsErrorRatio: ErrorRatio?
  public let backgroundErrorRatio: ErrorRatio?
  /// Error over √CRLB at the true position; nil unless the optics are given as `bound`.
  public let xErrorOverBound: ErrorRatio?
  public let yErrorOverBound: ErrorRatio?
  public let zErrorOverBound: ErrorRatio?

  /// Fractions: pairs over the union of both tables; over molecules; over localizations.
  public let jaccard: Double
  public let recall: Double
  public let precision: Double
  /// The Jaccard index with pairs within `closeTolerance`, if that is less than the tolerance. In a
  /// crowd it says more.
  public let closeJaccard: Double?
  /// Both indices of random points, as many in each frame as there are localizations; nil if a table
  /// is empty.
  public let chance: Double?
  public let closeChance: Double?
  /// Root mean square of the lateral distance, with each missed molecule at the tolerance.
  public let lateralRMSEWithMissed: Double?
  /// The harmonic mean of recall and precision.
  public let f1: Double
  /// 100 − √((100 − J)² + (α·RMSE)²) with J in percent; 100 is perfect. nil without a pair.
  public let efficiency: Double?
  public let axialEfficiency: Double?
  /// The mean of the two, for three dimensions.
  public let volumeEfficiency: Double?

  /// nm.
  public static let closeTolerance = 100.0

  /// - Parameters:
  ///   - localizations: the table to score.
  ///   - truth: the molecules.
  ///   - settings: which rows count, and how they are paired.
  ///   - bound: the optics with which the truth was imaged.
  /// - Throws: `ScoreError` if the tables cannot be compared.
  public init(
    of localizations: Localizations, against truth: Localizations,
    settings: ScoreSettings = ScoreSettings(), bound: TruthBound? = nil
  ) throws {
    let matching = try Matching(of: localizations, with: truth, settings: settings)
    let scale = try FrameOfReference(truth.field, localizations.field, settings).pixelSize
    self.settings = settings
    truePositives = matching.pairs.count
    falsePositives = matching.unpairedLocalizations.count
    falseNegatives = matching.unpairedMolecules.count
    setAside = matching.setAside.count
    excludedLocalizations = matching.excludedLocalizations
    excludedMolecules = matching.excludedMolecules

    let comparison = Comparison(localizations, truth, matching.pairs)
    x = AxisError(comparison.errors(of: .x).map { scale * $0 })
    y = AxisError(comparison.errors(of: .y).map { scale * $0 })
    z = matching.isAxial ? AxisError(comparison.errors(of: .z)) : nil
    zRelation =
      matching.isAxial
      ? AxialRelation(
        found: matching.pairs.map { localizations[.z]![$0.localization] },
        truth: matching.pairs.map { truth[.z]![$0.molecule] }) : nil
    lateralRMSE = zip(x, y).map { hypot($0.rmse, $1.rmse) }
    xErrorRatio = ErrorRatio(comparison.ratios(of: .x, to: .xError))
    yErrorRatio = ErrorRatio(comparison.ratios(of: .y, to: .yError))
    zErrorRatio = matching.isAxial ? ErrorRatio(comparison.ratios(of: .z, to: .zError)) : nil
    photonsErrorRatio = ErrorRatio(comparison.ratios(of: .photons, to: .photonsError))
    backgroundErrorRatio = ErrorRatio(comparison.ratios(of: .background, to: .backgroundError))

    let bounds = try bound?.errors(of: truth, rows: matching.pairs.map(\.molecule))
    func ratios(_ quantity: Quantity) -> ErrorRatio? {
      guard let bounds else { return nil }
      return ErrorRatio(
        zip(comparison.errors(of: quantity), bounds).compactMap { error, bound in
          bound[quantity].map { error / $0 }
        })
    }
    (xErrorOverBound, yErrorOverBound) = (ratios(.x), ratios(.y))
    zErrorOverBound = matching.isAxial ? ratios(.z) : nil

    let (tp, fp, fn) = (Double(truePositives), Double(falsePositives), Double(falseNegatives))
    func part(of whole: Double) -> Double { whole == 0 ? 0 : tp / whole }
    let jaccard = part(of: tp + fp + fn)
    self.jaccard = jaccard
    var close = settings
    close.lateralTolerance = Self.closeTolerance
    let isCloser = settings.lateralTolerance > close.lateralTolerance
    closeJaccard =
      isCloser ? try Matching(of: localizations, with: truth, settings: close).jaccard : nil
    let level = ChanceLevel(localizations, truth, settings)
    chance = try level?.jaccard(within: settings.lateralTolerance)
    closeChance = isCloser ? try level?.jaccard(within: close.lateralTolerance) : nil
    let missed = fn * settings.lateralTolerance * settings.lateralTolerance
    lateralRMSEWithMissed =
      tp + fn == 0
      ? nil
      : ((tp * (lateralRMSE.map { $0 * $0 } ?? 0) + missed) / (tp + fn)).squareRoot()
    recall = part(of: tp + fn)
    precision = part(of: tp + fp)
    f1 = part(of: tp + (fp + fn) / 2)
    func efficiency(_ rmse: Double, _ weight: Double) -> Double {
      100 - hypot(100 - 100 * jaccard, weight * rmse)
    }
    let lateral = lateralRMSE.map { efficiency($0, settings.lateralWeight) }
    let axial = z.map { efficiency($0.rmse, settings.axialWeight) }
    self.efficiency = lateral
    axialEfficiency = axial
    volumeEfficiency = zip(lateral, axial).map { ($0 + $1) / 2 }
  }
}

/// Both values; nil if one is nil.
private func zip<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
  if let a, let b { (a, b) } else { nil }
}

/// The differences between paired rows.
private struct Comparison {
  let localizations: Localizations
  let truth: Localizations
  let pairs: [Pair]

  init(_ localizations: Localizations, _ truth: Localizations, _ pairs: [Pair]) {
    self.localizations = localizations
    self.truth = truth
    self.pairs = pairs
  }

  /// Localization minus molecule; empty if a table lacks the column.
  func errors(of quantity: Quantity) -> [Double] {
    guard let found = localizations[quantity], let molecules = truth[quantity] else { return [] }
    return pairs.map { found[$0.localization] - molecules[$0.molecule] }
  }

  /// Errors over the reported standard errors, for those greater than 0.
  func ratios(of quantity: Quantity, to standardError: Quantity) -> [Double] {
    guard let reported = localizations[standardError] else { return [] }
    return zip(errors(of: quantity), pairs).compactMap { error, pair in
      let ratio = error / reported[pair.localization]
      return reported[pair.localization] > 0 && ratio.isFinite ? ratio : nil
    }
  }
}
