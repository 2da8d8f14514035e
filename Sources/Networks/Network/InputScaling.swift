/// Preprocessing before a network's first layer: a normalisation by the frame's own values, then
/// x · scale + shift.
///
/// The normalisation uses the whole frame; all tiles of a frame share it.
package struct InputScaling: Hashable, Codable, Sendable {
  package enum Normalization: String, Hashable, Codable, Sendable {
    case none
    /// (x − min) / (max − min); a constant frame becomes 0.
    case minMax
    /// x / max; a frame without a positive value is unchanged.
    case maximum
  }

  package var normalization: Normalization
  package var scale: Float
  package var shift: Float

  package init(_ normalization: Normalization = .none, scale: Float = 1, shift: Float = 0) {
    self.normalization = normalization
    self.scale = scale
    self.shift = shift
  }

  /// (x − mean) / deviation after the normalisation.
  package static func standardised(
    _ normalization: Normalization = .none, mean: Float, deviation: Float
  ) -> InputScaling {
    InputScaling(normalization, scale: 1 / deviation, shift: -mean / deviation)
  }

  /// The same as (x − offset) · scale + shift, for a frame with known minimum and maximum.
  func affine(min: Float, max: Float) -> (offset: Float, scale: Float, shift: Float) {
    switch normalization {
    case .none: (0, scale, shift)
    case .minMax: (min, max > min ? scale / (max - min) : 0, shift)
    case .maximum: (0, max > 0 ? scale / max : scale, shift)
    }
  }
}
