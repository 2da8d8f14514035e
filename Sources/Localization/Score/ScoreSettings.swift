import Microscopy
import Reporting

/// The rules of a comparison with the truth. The defaults are those of the SMLM challenge (Sage et
/// al., Nat. Methods 16, 387 (2019)) for two dimensions.
public struct ScoreSettings: Codable, Hashable, Sendable {
  /// How localizations and molecules of a frame are paired.
  public enum Assignment: String, Codable, SettingChoice {
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

  public static let assignment = Setting(
    .assignment, standard: Assignment.greedy,
    "how rows are paired: the nearest pair first, as in the challenge, or as many pairs as possible"
  )
  public static let lateralTolerance = Setting(
    .tolerance, title: "lateral tolerance", unit: "nm", standard: 250.0,
    allowed: .within(1...100_000), "maximum lateral distance of a pair")
  public static let axialTolerance = Setting(
    .axialTolerance, unit: "nm", standard: 500.0, allowed: .within(1...100_000),
    "maximum axial distance of a pair, if both tables have z")
  public static let border = Setting(
    .border, unit: "nm", standard: 450.0,
    allowed: Allowed("0 or in 1...1000000") { $0 == 0 || 1...1_000_000 ~= $0 },
    "rows closer to the edge than this are excluded")
  public static let brightest = Setting<Double?>(
    .brightest, title: "brightest part", standard: nil, allowed: .optional(.above(0, upTo: 1)),
    "score only this brightest fraction of the molecules; 0.75 in the challenge")

  public init(
    assignment: Assignment = Self.assignment.standard,
    lateralTolerance: Double = Self.lateralTolerance.standard,
    axialTolerance: Double = Self.axialTolerance.standard,
    border: Double = Self.border.standard, molecules: Molecules = .all, lateralWeight: Double = 1,
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

  /// Throws `SettingsError` for the first invalid setting.
  public func check() throws(SettingsError) {
    try Self.lateralTolerance.check(lateralTolerance)
    try Self.axialTolerance.check(axialTolerance)
    try Self.border.check(border)
    if case .brightest(let part) = molecules { try Self.brightest.check(part) }
    if case .atLeast(let photons) = molecules, !photons.isFinite {
      throw SettingsError("the photon threshold \(photons) is not a number", hint: nil)
    }
    guard lateralWeight >= 0, axialWeight >= 0 else {
      throw SettingsError("the weights of the efficiency must be 0 or more", hint: nil)
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
