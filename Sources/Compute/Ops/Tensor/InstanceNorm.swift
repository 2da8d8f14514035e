/// Normalises each channel of each image to mean 0 and variance 1, then applies a scale and shift.
///
/// Inputs: x [batch, height, width, channels]; with `affine` also scale and shift [channels].
public struct InstanceNorm: NormalizingOp {
  public static let name = "instance norm"
  public let epsilon: Float
  public let affine: Bool

  public init(epsilon: Float = 1e-5, affine: Bool = true) {
    self.epsilon = epsilon
    self.affine = affine
  }

  public var rule: Normalization {
    Normalization(statistic: .moments(epsilon: epsilon), groups: nil, across: false, affine: affine)
  }

  public var parameters: String { "ε \(epsilon)\(affine ? " affine" : "")" }

  public static var samples: [Sample] {
    [[1, 3, 5, 1], [2, 13, 7, 17]].flatMap { shape in
      let x = Reference.random(shape, -2...3, seed: 1)
      let affine = [2, 3].map { Reference.random([shape[3]], -2...2, seed: $0) }
      return [
        Sample(InstanceNorm(), [x] + affine, .roundings(64), tiny: true),
        Sample(InstanceNorm(affine: false), [x], .roundings(64), tiny: true),
      ]
    }
  }
}
