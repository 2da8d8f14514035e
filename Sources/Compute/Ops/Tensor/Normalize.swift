/// Scales each image by its own values, with all channels together.
///
/// Input and output: float32 [batch, height, width, channels].
package struct Normalize: NormalizingOp {
  package static let name = "normalize"

  package enum Kind: String, Hashable, Sendable {
    /// (x − min) / (max − min); a constant image becomes 0.
    case minMax = "min–max"
    /// x / max; an image whose maximum is not positive is unchanged.
    case max
    /// (x − mean) / standard deviation; a constant image becomes 0.
    case standardize
  }

  package let kind: Kind

  package init(_ kind: Kind) { self.kind = kind }

  package var rule: Normalization {
    let statistic: Normalization.Statistic =
      switch kind {
      case .minMax: .range
      case .max: .maximum
      case .standardize: .moments(epsilon: 0)
      }
    return Normalization(statistic: statistic, groups: 1, across: false, affine: false)
  }

  package var parameters: String { kind.rawValue }

  package static var samples: [Sample] {
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
