/// The convention of z in a calibration and in every table made with it: sign, origin, scale.
public struct AxialConvention: Codable, Hashable, Sendable {
  /// What z measures. The two differ in sign: a fixed molecule moves down relative to a focal plane
  /// that moves up.
  public enum Direction: String, Codable, Hashable, Sendable, CaseIterable {
    /// The molecule's height above the focal plane, away from the objective.
    case molecule
    /// The position of the focal plane relative to the molecule, as planes of a bead stack count.
    case focus
  }

  public var direction: Direction
  /// The position of z = 0 as text, for example "crossing of the widths".
  public var origin: String
  /// Factor from the calibration's z to the sample's z, for the refractive-index mismatch. Fits use
  /// the calibration's z; tables hold the product.
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

  /// The convention in one line, written into every output made with this calibration.
  public var summary: String {
    let sign =
      switch direction {
      case .molecule: "grows with the molecule's height above the focal plane"
      case .focus: "grows with the focal plane's height above the molecule"
      }
    return "z \(sign), 0 at \(origin), times \(indexFactor) for refractive indices"
  }
}
