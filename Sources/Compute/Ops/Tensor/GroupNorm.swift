/// Normalises groups of adjacent channels of each image to mean 0 and variance 1, then applies a
/// scale and shift per channel.
///
/// Inputs: x [batch, height, width, channels], scale [channels], shift [channels].
package struct GroupNorm: NormalizingOp {
  package static let name = "group norm"
  package let groups: Int
  package let epsilon: Float

  package init(groups: Int, epsilon: Float = 1e-5) {
    precondition(groups > 0, "there is at least one group")
    self.groups = groups
    self.epsilon = epsilon
  }

  package var rule: Normalization {
    Normalization(
      statistic: .moments(epsilon: epsilon), groups: groups, across: false, affine: true)
  }

  package var parameters: String { "\(groups) groups ε \(epsilon)" }

  package static var samples: [Sample] {
    [(1, [1, 3, 5, 3]), (4, [2, 7, 5, 48]), (17, [1, 3, 13, 17])].map { groups, shape in
      Sample(
        GroupNorm(groups: groups),
        [.random(shape, -2...3, seed: 1)]
          + [2, 3].map { .random([shape[3]], -2...2, seed: $0) },
        .roundings(64), tiny: true)
    }
  }
}
