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

extension FrameNoise {
  /// A value that a network takes as a parameter.
  enum Value: Hashable, Sendable {
    case level
    case variance
  }

  func value(_ value: Value) -> Double {
    switch value {
    case .level: level
    case .variance: variance
    }
  }
}

extension Model {
  /// The same weights, for frames with this noise.
  package func seeing(_ noise: FrameNoise) -> Model {
    var learned = learned
    for parameter in network.parameters {
      guard let measured = parameter.measured else { continue }
      learned[parameter.name] = Tensor([Float(noise.value(measured))], shape: parameter.shape)
    }
    return Model(self, as: system.seeing(noise), learned)
  }
}
