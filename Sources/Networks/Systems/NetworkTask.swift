/// The task of a network, one of five in the field, and how its result is read.
package enum NetworkTask: Sendable {
  /// Frames to a list of emitters.
  case list(EmitterReading)
  /// A frame to an image. If its maxima are emitters, `peaks` says how they are listed.
  case map(peaks: EmitterReading?)
  /// A crop of one size to a probability of each class.
  case crop(classes: [String])
  /// A crop to a crop of the same size that a fit uses, such as its background.
  case correction
  /// A rendering to a rendering.
  case rendering

  /// How emitters are found in the result; nil if the network finds none.
  package var emitters: EmitterReading? {
    switch self {
    case .list(let reading): reading
    case .map(let peaks): peaks
    case .crop, .correction, .rendering: nil
    }
  }

  /// The detection threshold; nil if the network finds no emitters.
  package var threshold: Float? { emitters?.search.threshold }

  /// The head that lists emitters; nil if the network finds none.
  ///
  /// - Parameters:
  ///   - threshold: replaces the task's own.
  ///   - room: the largest number of emitters in a run.
  package func list(threshold: Float? = nil, room: Int) -> NetworkHead? {
    emitters?.search.head(threshold: threshold, room: room)
  }

  /// Whether the result is an image for each frame rather than a row of a table.
  package var givesImages: Bool {
    if case .crop = self { false } else { true }
  }
}

/// How emitters are found in a network's first result, and the columns of the table.
package struct EmitterReading: Sendable {
  package let search: EmitterSearch
  package let columns: [ListColumn]

  package init(_ search: EmitterSearch, columns: [ListColumn]) {
    self.search = search
    self.columns = columns
  }
}

/// How emitters are found in a result.
package enum EmitterSearch: Hashable, Sendable {
  /// In an image of probabilities and features, the probability first. Pixels above `candidates`
  /// collect the probability of their neighbours; those that reach `threshold` are emitters.
  case probabilities(candidates: Float, threshold: Float)
  /// Maxima of an image or a volume (planes as channels) of at least `threshold`, within `radius`
  /// of the result's pixels.
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

/// The unit that a network is trained on.
package enum InputUnit: String, Codable, Hashable, Sendable {
  /// Raw camera counts.
  case counts
  /// Photons, from the camera's offset, gain and quantum efficiency.
  case photons
  /// Photoelectrons, halved for a camera with electron multiplication, so that a pixel's noise is
  /// that of its number. The network itself divides by the noise; see `FrameNoise`.
  case effectiveCounts = "effective counts"
}
