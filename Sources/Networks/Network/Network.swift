/// A network as data: layers in order, each applied to earlier values, with named outputs.
///
/// From this one description come the graph that devices run, the ONNX file for other programs, the
/// list of tensors in a weight file, and the costs.
/// ```swift
/// var net = Network(channels: 1)
/// let x = net.convolution(net.input, "first", 3, to: 64, .leakyReLU(0.01))
/// net.output("map", net.convolution(x, "last", 1, to: 1, bias: false))
/// ```
package struct Network: Hashable, Sendable {
  /// The result of one layer; `node` nil is the network's input.
  package struct Value: Hashable, Sendable {
    let node: Int?
  }

  /// One layer with its inputs.
  package struct Node: Hashable, Sendable {
    /// The prefix of its tensors' names; empty for layers without learned numbers.
    package let name: String
    let layer: any Layer
    let inputs: [Value]
    /// Channels of its result.
    package let channels: Int

    package static func == (a: Node, b: Node) -> Bool {
      a.name == b.name && a.inputs == b.inputs && a.layer.isEqual(to: b.layer)
    }

    package func hash(into hasher: inout Hasher) {
      hasher.combine(name)
      hasher.combine(inputs)
      hasher.combine(AnyHashable(layer))
    }
  }

  /// Channels of the input.
  package let channels: Int
  /// Preprocessing of frames before the first layer.
  package var scaling: InputScaling
  package private(set) var nodes: [Node] = []
  package private(set) var outputs: [(name: String, value: Value)] = []
  /// The meaning of each channel of the first output, if they differ.
  package var channelNames: [String] = []

  package init(channels: Int, scaling: InputScaling = InputScaling()) {
    self.channels = channels
    self.scaling = scaling
  }

  package var input: Value { Value(node: nil) }

  package func channels(of value: Value) -> Int {
    value.node.map { nodes[$0].channels } ?? channels
  }

  /// Adds a layer.
  ///
  /// The caller must pass suitable values (one for most layers, equal channels for a sum).
  mutating func apply(_ layer: any Layer, _ inputs: [Value], name: String = "") -> Value {
    let channels = layer.channels(inputs.map { self.channels(of: $0) })
    nodes.append(Node(name: name, layer: layer, inputs: inputs, channels: channels))
    return Value(node: nodes.count - 1)
  }

  /// Names a value as an output; the first one is the network's result.
  package mutating func output(_ name: String, _ value: Value) { outputs.append((name, value)) }

  package static func == (a: Network, b: Network) -> Bool {
    a.channels == b.channels && a.scaling == b.scaling && a.nodes == b.nodes
      && a.outputs.elementsEqual(b.outputs, by: ==)
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(nodes) }

  /// The results of `step` for every layer in order. `step` gets its own results for the layer's
  /// inputs; the network's input has the result `input`.
  func walk<Result>(_ input: Result, _ step: (Node, [Result]) throws -> Result) rethrows -> [Result]
  {
    var results: [Result] = []
    for node in nodes {
      results.append(try step(node, node.inputs.map { $0.node.map { results[$0] } ?? input }))
    }
    return results
  }
}
