import Compute

extension Network {
  /// The network as a graph for frames of one size: input "frames" [batch, height, width,
  /// channels], one output per output of the network, channels last.
  ///
  /// - Parameters:
  ///   - weights: trained values of all parameters.
  ///   - batch: number of frames.
  ///   - height: height of a frame, pixels.
  ///   - width: width of a frame, pixels.
  ///   - applied: whether frames are raw camera values; false if they are already scaled.
  /// - Throws: `WeightError` if the weights do not belong to this network, `ShapeError` if it does
  ///   not take frames of this size.
  package func graph(
    _ weights: Weights, batch: Int, height: Int, width: Int, scaling applied: Bool = true
  ) throws -> Graph {
    try graph(batch: batch, height: height, width: width, scaling: applied)
      .fixing(try learned(weights))
  }

  /// The same graph with its weights as parameters, which a plan makes constants or state.
  package func graph(
    batch: Int, height: Int, width: Int, scaling applied: Bool = true
  ) throws -> Graph {
    var graph = Graph()
    var x = graph.input("frames", TensorType(.float32, batch, height, width, channels))
    if applied { x = try scaled(x, &graph) }
    for (name, value) in try lowered(x, .movie, into: &graph) {
      graph.output(name, value)
    }
    return graph
  }

  /// Adds the layers to a graph and returns the network's outputs there.
  ///
  /// - Parameters:
  ///   - x: scaled frames.
  ///   - mode: what the batches are; with `rolling`, results are `temporalReach` frames late.
  func lowered(
    _ x: Graph.Value, _ mode: LoweringMode, into graph: inout Graph
  ) throws -> [(name: String, value: Graph.Value)] {
    precondition(
      mode != .rolling || keepsTime, "a network that rolls joins only frames of one time")
    var index = -1
    let values = try walk(x) { node, inputs in
      index += 1
      let learned = try parameters(of: node).map { try graph.parameter($0.name, $0.graphType) }
      let site = LoweringSite(
        inputs: inputs, learned: learned, mode: mode, index: index)
      return try node.layer.lower(site, in: &graph)
    }
    return outputs.map { ($0.name, $0.value.node.map { values[$0] } ?? x) }
  }

  func scaled(_ frames: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let x =
      switch scaling.normalization {
      case .none: frames
      case .minMax: try graph.apply(Normalize(.minMax), frames)
      case .maximum: try graph.apply(Normalize(.max), frames)
      }
    guard scaling.scale != 1 || scaling.shift != 0 else { return x }
    return try graph.apply(
      Elementwise(.affine(scale: scaling.scale, shift: scaling.shift)), x)
  }
}
