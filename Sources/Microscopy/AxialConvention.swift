/// What z means in a calibration, and so in every table that is made with it: sign, origin, scale.
public struct AxialConvention: Codable, Hashable, Sendable {
  /// What grows with z. The two differ in sign: a molecule that sits still moves down relative to a
  /// focal plane that is moved up.
  public enum Direction: String, Codable, Hashable, Sendable, CaseIterable {
    /// The molecule's height above the focal plane, away from the objective.
    case molecule
    /// The position of the focal plane relative to the molecule, as planes of a bead stack count.
    case focus
  }

  public var direction: Direction
  /// Where z is 0, in words, for example "crossing of the widths".
  public var origin: String
  /// Factor from the calibration's z to the sample's, for the mismatch of refractive indices; fits
  /// are done in the calibration's z, tables hold the product.
  public var indexFactor: Double

  public init(
    direction: Direction = .molecule, origin: String = "the calibration's focus",
    indexFactor: Double = 1
  ) {
    self.direction = direction
    self.origin = origin
    self.indexFactor = indexFactor
  }

  enum CodingKeys: String, CodingKey {
    case direction, origin
    case indexFactor = "refractive_index_factor"
  }

  /// One line that every output made with this calibration carries.
  public var summary: String {
    let sign =
      switch direction {
      case .molecule: "grows with the molecule's height above the focal plane"
      case .focus: "grows with the focal plane's height above the molecule"
      }
    return "z \(sign), 0 at \(origin), times \(indexFactor) for refractive indices"
  }
}
