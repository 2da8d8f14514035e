import Compute

/// What a movie tells a network that divides frames by their noise.
package struct FrameNoise: Codable, Hashable, Sendable {
  /// The usual background, effective counts per pixel (`InputUnit.effectiveCounts`).
  package var level: Double
  /// Variance of the read noise, effective counts².
  package var variance: Double
  /// Photons for each effective count.
  package var photons: Double

  package init(level: Double, variance: Double, photons: Double) {
    self.level = level
    self.variance = variance
    self.photons = photons
  }
}

extension Model {
  /// The same weights, for frames with this noise.
  package func seeing(_ noise: FrameNoise) -> Model {
    var learned = learned
    for node in network.nodes {
      guard let layer = node.layer as? Layers.Stabilise else { continue }
      for (parameter, value) in zip(network.parameters(of: node), layer.values(noise)) {
        learned[parameter.name] = Tensor([Float(value)], shape: parameter.shape)
      }
    }
    return Model(self, as: system.seeing(noise), learned)
  }
}
