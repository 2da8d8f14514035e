/// What a network's first result means, and so what can be made of it.
public enum NetworkTask: Hashable, Sendable {
  /// An image of where emitters are. Its maxima of at least `threshold` within `radius` of its own
  /// pixels are emitters.
  case map(radius: Int, threshold: Float)
  /// Probability, photons, x, y, z, their sigmas and background for every pixel, as `DECODE`.
  /// Pixels above `candidates` gather the probability of their neighbours; those that then have
  /// `threshold` are emitters.
  case emitters(candidates: Float, threshold: Float)
  /// A volume of scores, planes as channels. Its maxima of at least `threshold` within `radius` voxels
  /// are emitters.
  case volume(radius: Int, threshold: Float)
  /// An image whose sum is the number of emitters.
  case density
  /// A probability of each class for an image of one size.
  case classes

  /// The head that lists emitters; nil where the network finds none.
  ///
  /// - Parameter threshold: in place of the task's own.
  public func list(threshold: Float? = nil, room: Int) -> NetworkHead? {
    switch self {
    case .emitters(let candidates, let own):
      let threshold = threshold ?? own
      return .emitters(candidates: min(candidates, threshold), threshold: threshold, room: room)
    case .map(let radius, let own), .volume(let radius, let own):
      return .peaks(radius: radius, threshold: threshold ?? own, room: room)
    case .density, .classes: return nil
    }
  }

  /// The threshold that emitters are told by; nil where the network finds none.
  public var threshold: Float? {
    switch self {
    case .emitters(_, let threshold), .map(_, let threshold), .volume(_, let threshold): threshold
    case .density, .classes: nil
    }
  }
}

/// What a network is trained on.
public enum InputUnit: String, Codable, Hashable, Sendable {
  /// Camera counts as they are.
  case counts
  /// Counts brought to photons by the camera's offset, gain and quantum efficiency.
  case photons
}
