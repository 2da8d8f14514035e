/// Values of parameters by name, for example a model's weights in the layout of its graph.
///
/// Copies share the tensors, and so do plans made with them, so a model's weights are on the host
/// once, however many plans it has.
/// ```swift
/// let values = ParameterValues(["conv.weight": weight, "conv.bias": bias])
/// let plan = try Plan(graph, for: device.info, parameters: values)
/// ```
public struct ParameterValues: Sendable, ExpressibleByDictionaryLiteral {
  private(set) var constants: [String: Constant]

  public init(_ tensors: [String: Tensor] = [:]) {
    constants = tensors.mapValues(Constant.init)
  }

  /// If a name is repeated, its last value counts.
  public init(dictionaryLiteral elements: (String, Tensor)...) {
    self.init(Dictionary(elements) { $1 })
  }

  public subscript(name: String) -> Tensor? {
    get { constants[name]?.tensor }
    set { constants[name] = newValue.map(Constant.init) }
  }

  /// In alphabetical order.
  public var names: [String] { constants.keys.sorted() }

  public var types: [String: TensorType] { constants.mapValues(\.tensor.type) }

  /// Bytes of all tensors.
  public var bytes: Int { constants.values.reduce(0) { $0 + $1.tensor.type.bytes } }
}
