import Microscopy
import Reporting

/// The rules of a comparison with the truth. The defaults are those of the SMLM challenge (Sage et
/// al., Nat. Methods 16, 387 (2019)) for two dimensions.
public struct ScoreSettings: Codable, Hashable, Sendable {
  /// How localizations and molecules of a frame are paired.
  public enum Assignment: String, Codable, Hashable, Sendable, CaseIterable {
    /// The globally nearest pair first, then the next, as in the challenge's own program.
    case greedy
    /// As many pairs as possible with, among those pairings, the smallest total distance.
    case optimal
  }

  /// Which molecules count. Localizations paired with other molecules are set aside and do not
  /// count as false.
  public enum Molecules: Codable, Hashable, Sendable {
    case all
    /// The brightest fraction of all true rows; 0.75 in the challenge.
    case brightest(part: Double)
    case atLeast(photons: Double)
  }

  public var assignment: Assignment
  /// Maximum lateral distance of a pair, nm.
  public var lateralTolerance: Double
  /// Maximum axial distance of a pair, nm. Used if both tables have z.
  public var axialTolerance: Double
  /// Rows of either table closer than this to the edge of the field are excluded, nm.
  public var border: Double
  public var molecules: Molecules
  /// Weight of the error in the efficiency, 1/nm.
  public var lateralWeight: Double
  public var axialWeight: Double
  /// The frames to compare; nil for all of both tables.
  public var frames: Range<Int>?

  public init(
    assignment: Assignment = .greedy, lateralTolerance: Double = 250, axialTolerance: Double = 500,
    border: Double = 450, molecules: Molecules = .all, lateralWeight: Double = 1,
    axialWeight: Double = 0.5, frames: Range<Int>? = nil
  ) {
    self.assignment = assignment
    self.lateralTolerance = lateralTolerance
    self.axialTolerance = axialTolerance
    self.border = border
    self.molecules = molecules
    self.lateralWeight = lateralWeight
    self.axialWeight = axialWeight
    self.frames = frames
  }

  /// Throws `ScoreError` for the first invalid setting.
  func check() throws(ScoreError) {
    for (name, value) in [
      ("lateral tolerance", lateralTolerance), ("axial tolerance", axialTolerance),
    ] where !(value > 0 && value.isFinite) {
      throw ScoreError("the \(name) \(value) nm must be greater than 0")
    }
    guard border >= 0, border.isFinite else {
      throw ScoreError("the border \(border) nm must be 0 or more")
    }
    if case .brightest(let part) = molecules, !(part > 0 && part <= 1) {
      throw ScoreError(
        "the brightest part \(part) is not in 0...1", hint: "0.75 selects three quarters")
    }
    if case .atLeast(let photons) = molecules, !photons.isFinite {
      throw ScoreError("the photon threshold \(photons) is not a number")
    }
    guard lateralWeight >= 0, axialWeight >= 0 else {
      throw ScoreError("the weights of the efficiency must be 0 or more")
    }
  }
}

/// Why two tables cannot be compared.
public struct ScoreError: Fault, Hashable {
  public let problem: String
  public let remedy: Message?

  public init(_ problem: String, hint: Message? = nil) {
    self.problem = problem
    remedy = hint
  }

  public var message: Message { "cannot score: \(problem)" }
}
