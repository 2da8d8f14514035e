/// Scales each image by its own values, with all channels together.
///
/// Input and output: float32 [batch, height, width, channels].
public struct Normalize: NormalizingOp {
  public static let name = "normalize"

  public enum Kind: String, Hashable, Sendable {
    /// (x − min) / (max − min); a constant image becomes 0.
    case minMax = "min–max"
    /// x / max; an image whose maximum is not positive is unchanged.
    case max
    /// (x − mean) / standard deviation; a constant image becomes 0.
    case standardize
  }

  public let kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  public var rule: Normalization {
    let statistic: Normalization.Statistic =
      switch kind {
      case .minMax: .range
      case .max: .maximum
      case .standardize: .moments(epsilon: 0)
      }
    return Normalization(statistic: statistic, groups: 1, across: false, affine: false)
  }

  public var parameters: String { kind.rawValue }

  public static var samples: [Sample] {
    [Kind.minMax, .max, .standardize].flatMap { kind in
      [[1, 1, 1, 1], [3, 13, 17, 1], [2, 3, 5, 17]].map {
        Sample(Normalize(kind), [.random($0, 90...400)], .roundings(64), tiny: true)
      } + [
        Sample(
          Normalize(kind),
          [Reference(TensorType(.float32, 1, 3, 3, 1), .init(repeating: 7, count: 9))],
          note: "constant", .roundings(2), tiny: true)
      ]
    }
  }
}
