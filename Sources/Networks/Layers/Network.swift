/// A network as data: layers in order, each applied to earlier values, with named outputs.
///
/// From this one description come the graph that devices run, the ONNX file that others run, the
/// tensors that a file of weights must hold, and the costs.
/// ```swift
/// var net = Network(channels: 1)
/// let x = net.convolution(net.input, "first", 3, to: 64, .leakyReLU(0.01))
/// net.output("map", net.convolution(x, "last", 1, to: 1, bias: false))
/// ```
public struct Network: Hashable, Sendable {
  /// The result of one layer; `node` nil is the network's input.
  public struct Value: Hashable, Sendable {
    let node: Int?
  }

  public struct Node: Hashable, Sendable {
    /// What the names of its tensors begin with; empty for layers that learn nothing.
    public let name: String
    public let layer: Layer
    let inputs: [Value]
    /// Channels of its result.
    public let channels: Int
  }

  /// Channels of the input.
  public let channels: Int
  /// What happens to frames before the first layer.
  public var scaling: InputScaling
  public private(set) var nodes: [Node] = []
  public private(set) var outputs: [(name: String, value: Value)] = []
  /// What each channel of the first output means, where they mean different things.
  public var channelNames: [String] = []

  public init(channels: Int, scaling: InputScaling = InputScaling()) {
    self.channels = channels
    self.scaling = scaling
  }

  public var input: Value { Value(node: nil) }

  public func channels(of value: Value) -> Int { value.node.map { nodes[$0].channels } ?? channels }

  /// Adds a layer.
  ///
  /// What its values must be (one for most layers, equal channels for `add`) is up to the caller.
  public mutating func apply(_ layer: Layer, _ inputs: [Value], name: String = "") -> Value {
    let given = channels(of: inputs[0])
    let channels =
      switch layer {
      case .convolution(_, let outputs, _), .transposedConvolution(_, let outputs, _),
        .dense(let outputs, _, _):
        outputs
      case .concat: inputs.reduce(0) { $0 + self.channels(of: $1) }
      case .slice(let range): range.count
      case .window(let frames): given * frames
      default: given
      }
    nodes.append(Node(name: name, layer: layer, inputs: inputs, channels: channels))
    return Value(node: nodes.count - 1)
  }

  /// Names a value; the first name is the network's result.
  public mutating func output(_ name: String, _ value: Value) { outputs.append((name, value)) }

  public static func == (a: Network, b: Network) -> Bool {
    a.channels == b.channels && a.scaling == b.scaling && a.nodes == b.nodes
      && a.outputs.elementsEqual(b.outputs, by: ==)
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(nodes) }
}

// The layers by which the systems are written.
extension Network {
  /// A convolution that keeps the image's size, and its activation.
  public mutating func convolution(
    _ x: Value, _ name: String, _ size: Int, to outputs: Int, _ activation: Activation? = nil,
    stride: Int = 1, dilation: Int = 1, bias: Bool = true
  ) -> Value {
    convolution(
      x, name, .same(size, stride: stride, dilation: dilation), to: outputs, activation, bias: bias)
  }

  public mutating func convolution(
    _ x: Value, _ name: String, _ kernel: Kernel, to outputs: Int, _ activation: Activation? = nil,
    bias: Bool = true
  ) -> Value {
    let y = apply(.convolution(kernel, outputs: outputs, bias: bias), [x], name: name)
    return activation.map { activate(y, $0) } ?? y
  }

  public mutating func batchNorm(_ x: Value, _ name: String, epsilon: Float = 1e-5) -> Value {
    apply(.batchNorm(epsilon: epsilon), [x], name: name)
  }

  public mutating func activate(_ x: Value, _ activation: Activation) -> Value {
    apply(.activation(activation), [x])
  }

  public mutating func maxPool(_ x: Value, _ size: Int = 2, stride: Int = 2) -> Value {
    apply(.maxPool(.valid(size, stride: stride)), [x])
  }

  public mutating func upsample(_ x: Value, _ factor: Int = 2, bilinear: Bool = false) -> Value {
    apply(.upsample(factor: factor, bilinear: bilinear), [x])
  }

  public mutating func add(_ a: Value, _ b: Value) -> Value { apply(.add, [a, b]) }

  public mutating func concat(_ values: Value...) -> Value { apply(.concat, values) }

  public mutating func slice(_ x: Value, _ range: Range<Int>) -> Value { apply(.slice(range), [x]) }
}
