/// What happens to a frame before a network's first layer: a normalisation by its own values, then
/// x · scale + shift.
///
/// The normalisation looks at the whole frame; tiles of a frame share that of the frame.
public struct InputScaling: Hashable, Codable, Sendable {
  public enum Normalization: String, Hashable, Codable, Sendable {
    case none
    /// (x − min) / (max − min); a constant frame becomes 0.
    case minMax
    /// x / max; a frame without a positive value stays as it is.
    case maximum
  }

  public var normalization: Normalization
  public var scale: Float
  public var shift: Float

  public init(_ normalization: Normalization = .none, scale: Float = 1, shift: Float = 0) {
    self.normalization = normalization
    self.scale = scale
    self.shift = shift
  }

  /// (x − mean) / deviation after the normalisation.
  public static func standardised(
    _ normalization: Normalization = .none, mean: Float, deviation: Float
  ) -> InputScaling {
    InputScaling(normalization, scale: 1 / deviation, shift: -mean / deviation)
  }

  /// Whether the normalisation needs to know a frame's values.
  var looksAtFrame: Bool { normalization != .none }

  /// The same as (x − offset) · scale + shift, for a frame whose smallest and largest values are known.
  func affine(min: Float, max: Float) -> (offset: Float, scale: Float, shift: Float) {
    switch normalization {
    case .none: (0, scale, shift)
    case .minMax: (min, max > min ? scale / (max - min) : 0, shift)
    case .maximum: (0, max > 0 ? scale / max : scale, shift)
    }
  }
}
