/// Normalises each channel of each image to mean 0 and variance 1, then applies a scale and shift.
///
/// Inputs: x [batch, height, width, channels]; with `affine` also scale and shift [channels].
package struct InstanceNorm: NormalizingOp {
  package static let name = "instance norm"
  package let epsilon: Float
  package let affine: Bool

  package init(epsilon: Float = 1e-5, affine: Bool = true) {
    self.epsilon = epsilon
    self.affine = affine
  }

  package var rule: Normalization {
    Normalization(statistic: .moments(epsilon: epsilon), groups: nil, across: false, affine: affine)
  }

  package var parameters: String { "ε \(epsilon)\(affine ? " affine" : "")" }

  package static var samples: [Sample] {
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
