/// What a network is for: one of the five roles of the field, and how its result is read.
public enum NetworkTask: Sendable {
  /// Frames to a list of emitters.
  case list(EmitterReading)
  /// A frame to an image. Where its maxima are emitters, `peaks` says how they are listed.
  case map(peaks: EmitterReading?)
  /// A crop of one size to a probability of each class.
  case crop(classes: [String])
  /// A crop to a crop of the same size that a fit uses, such as its background.
  case correction
  /// A rendering to a rendering.
  case rendering

  /// How emitters are found in the result; nil where the network finds none.
  public var emitters: EmitterReading? {
    switch self {
    case .list(let reading): reading
    case .map(let peaks): peaks
    case .crop, .correction, .rendering: nil
    }
  }

  /// The threshold that emitters are told by; nil where the network finds none.
  public var threshold: Float? { emitters?.search.threshold }

  /// The head that lists emitters; nil where the network finds none.
  ///
  /// - Parameter threshold: in place of the task's own.
  public func list(threshold: Float? = nil, room: Int) -> NetworkHead? {
    emitters?.search.head(threshold: threshold, room: room)
  }

  /// Whether the result is an image for each frame, not a row of a table.
  public var givesImages: Bool {
    if case .crop = self { false } else { true }
  }
}

/// How emitters are found in a network's first result, and what the table says of each.
public struct EmitterReading: Sendable {
  public let search: EmitterSearch
  public let columns: [ListColumn]

  public init(_ search: EmitterSearch, columns: [ListColumn]) {
    self.search = search
    self.columns = columns
  }
}

/// Where in a result emitters are.
public enum EmitterSearch: Hashable, Sendable {
  /// In an image of probabilities and features, the probability first. Pixels above `candidates` gather the
  /// probability of their neighbours; those that then have `threshold` are emitters.
  case probabilities(candidates: Float, threshold: Float)
  /// At the maxima of an image or a volume (planes as channels) of at least `threshold` within `radius` of
  /// its own pixels.
  case maxima(radius: Int, threshold: Float)

  var threshold: Float {
    switch self {
    case .probabilities(_, let threshold), .maxima(_, let threshold): threshold
    }
  }

  func head(threshold: Float?, room: Int) -> NetworkHead {
    let threshold = threshold ?? self.threshold
    return switch self {
    case .probabilities(let candidates, _):
      .emitters(candidates: min(candidates, threshold), threshold: threshold, room: room)
    case .maxima(let radius, _): .peaks(radius: radius, threshold: threshold, room: room)
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
