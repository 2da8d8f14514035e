import Compute

/// Postprocessing of a network's result on the device.
package enum NetworkHead: Hashable, Sendable {
  /// The output of that name, unchanged; nil for the network's first.
  case image(String? = nil)
  /// A list of the pixels of a map of probabilities and features (DECODE): the probability
  /// collected from neighbours by `IntegrateProbability`, then the map's channels.
  ///
  /// A pixel above `candidates` collects; its collected probability must reach `threshold`.
  case emitters(candidates: Float, threshold: Float, room: Int)
  /// A list of the local maxima of an image or a volume, from `VolumePeaks`.
  case peaks(radius: Int, threshold: Float, room: Int)

  /// Names of a list's outputs.
  static let places = "places"
  static let values = "values"
  static let total = "total"

  /// The maximum number of entries of a list; nil for an image.
  package var room: Int? {
    switch self {
    case .image: nil
    case .emitters(_, _, let room), .peaks(_, _, let room): room
    }
  }

  /// Numbers for each entry of a list: place, values.
  var widths: (places: Int, values: Int) {
    switch self {
    case .image: (0, 0)
    case .emitters: (3, 1 + 10)
    case .peaks: (4, 4)
    }
  }

  /// Pixels of the frame that a result depends on in addition to the network's own reach.
  func halo(magnification: Int) -> Int {
    switch self {
    case .image: 0
    case .emitters: 1
    case .peaks(let radius, _, _): (radius + magnification - 1) / magnification
    }
  }

  /// Adds the postprocessing to a graph.
  func attach(
    to outputs: [(name: String, value: Graph.Value)], in graph: inout Graph
  ) throws {
    let first = outputs[0].value
    switch self {
    case .image(let name):
      let output = outputs.first { $0.name == name } ?? outputs[0]
      graph.output(output.name, output.value)
    case .emitters(let candidates, let threshold, let room):
      let probability = try graph.apply(SelectChannels(0..<1), first)
      let gathered = try graph.apply(IntegrateProbability(threshold: candidates), probability)
      let features = try graph.apply(Concat(), gathered, first)
      name(
        try graph.apply(
          PixelList(threshold: max(threshold, .leastNormalMagnitude), room: room),
          to: [gathered, features]), &graph)
    case .peaks(let radius, let threshold, let room):
      name(
        try graph.apply(
          VolumePeaks(radius: radius, threshold: threshold, room: room), to: [first]), &graph)
    }
  }

  private func name(_ list: [Graph.Value], _ graph: inout Graph) {
    for (name, value) in zip([Self.places, Self.values, Self.total], list) {
      graph.output(name, value)
    }
  }
}

extension Model {
  /// The head that lists emitters; nil if the network finds none.
  ///
  /// There is room for `perFrame` emitters in each frame of a run, and for one in 64 pixels of a
  /// large frame.
  package func listHead(
    threshold: Float? = nil, batch: Int, height: Int, width: Int, perFrame: Int = 64
  ) -> NetworkHead? {
    system.task.list(
      threshold: threshold, room: batch * max(perFrame, height * width / 64, 1))
  }
}
