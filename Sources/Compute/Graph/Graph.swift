/// A computation as a value: inputs, parameters, constants and ops joined by typed values, with
/// named outputs.
///
/// Types are inferred as each op is applied, so a shape error appears where the mistake is made.
/// ```swift
/// var graph = Graph()
/// let frames = graph.input("frames", TensorType(.uint16, 8, 64, 64))
/// let photons = try graph.apply(Calibrate(offset: 100, gain: 2), frames)
/// graph.output("photons", photons)
/// ```
public struct Graph: Sendable {
  /// One output of one node.
  package struct Value: Hashable, Sendable {
    let node: Int
    let output: Int
  }

  enum Source: Sendable {
    case input(String)
    case parameter(String)
    case constant(Constant)
    case op(any Op, [Value])
  }

  struct Node: Sendable {
    let source: Source
    let types: [TensorType]
  }

  private(set) var nodes: [Node] = []
  private(set) var outputs: [(name: String, value: Value)] = []

  package init() {}

  /// Adds an input; the executable is written by this name. Names must be unique.
  package mutating func input(_ name: String, _ type: TensorType) -> Value {
    precondition(source(named: name) == nil, "two inputs are named \(name)")
    return append(.input(name), [type])[0]
  }

  /// A learned value. Every part of the graph that asks for the same name gets the same value.
  ///
  /// A plan that is given its value treats it as a constant, otherwise as state that ops may
  /// overwrite; see `Plan`. An output with the parameter's name is its new value.
  /// Throws `ParameterError` if the name belongs to an input or has another type.
  package mutating func parameter(
    _ name: String, _ type: TensorType
  ) throws(ParameterError) -> Value {
    guard let known = source(named: name) else { return append(.parameter(name), [type])[0] }
    guard case .parameter = nodes[known.node].source else { throw .input(name) }
    guard self.type(of: known) == type else { throw .type(name, self.type(of: known), type) }
    return known
  }

  /// The name of a parameter.
  package func parameterName(_ value: Value) -> String {
    guard case .parameter(let name) = nodes[value.node].source else {
      preconditionFailure("only a parameter has a name")
    }
    return name
  }

  package mutating func constant(_ tensor: Tensor) -> Value { constant(Constant(tensor)) }

  mutating func constant(_ constant: Constant) -> Value {
    append(.constant(constant), [constant.tensor.type])[0]
  }

  /// Applies an op to values; throws `ShapeError` if their types do not fit the op.
  package mutating func apply(_ op: any Op, to inputs: [Value]) throws(ShapeError) -> [Value] {
    append(.op(op, inputs), try op.outputs(inputs.map { type(of: $0) }))
  }

  /// Applies an op with one output.
  package mutating func apply(_ op: any Op, _ inputs: Value...) throws(ShapeError) -> Value {
    try apply(op, to: inputs)[0]
  }

  /// Names a value; the executable is read by this name. Names must be unique.
  package mutating func output(_ name: String, _ value: Value) {
    precondition(!outputs.contains { $0.name == name }, "two outputs are named \(name)")
    outputs.append((name, value))
  }

  /// The ops in order.
  package var ops: [any Op] {
    nodes.compactMap { if case .op(let op, _) = $0.source { op } else { nil } }
  }

  package var outputNames: [String] { outputs.map(\.name) }

  /// Name and type of every parameter.
  public var parameters: [String: TensorType] {
    var types: [String: TensorType] = [:]
    for node in nodes { if case .parameter(let name) = node.source { types[name] = node.types[0] } }
    return types
  }

  package func type(of value: Value) -> TensorType { nodes[value.node].types[value.output] }

  /// The constant that a value is, if it is one.
  func constant(at value: Value) -> Tensor? { sharedConstant(at: value)?.tensor }

  func sharedConstant(at value: Value) -> Constant? {
    if case .constant(let constant) = nodes[value.node].source { constant } else { nil }
  }

  var constants: [Constant] {
    nodes.compactMap { if case .constant(let constant) = $0.source { constant } else { nil } }
  }

  /// The input or parameter of that name.
  func source(named name: String) -> Value? {
    nodes.firstIndex {
      switch $0.source {
      case .input(name), .parameter(name): true
      default: false
      }
    }.map { Value(node: $0, output: 0) }
  }

  /// Replaces the given parameters by their values; throws `ParameterError` if a type differs or
  /// the graph overwrites one of them.
  package func fixing(_ values: ParameterValues) throws(ParameterError) -> Graph {
    var result = self
    for (index, node) in nodes.enumerated() {
      guard case .parameter(let name) = node.source, let constant = values.constants[name] else {
        continue
      }
      let (type, given) = (node.types[0], constant.tensor.type)
      guard type == given else { throw .type(name, type, given) }
      if outputs.contains(where: { $0.name == name && $0.value.node != index }) {
        throw .fixed(name)
      }
      result.nodes[index] = Node(source: .constant(constant), types: node.types)
    }
    return result
  }

  /// The same nodes in another order, each after those that it reads.
  func reordered(_ order: [Int]) -> Graph {
    var result = self
    var place = order
    for (new, old) in order.enumerated() { place[old] = new }
    func moved(_ value: Value) -> Value { Value(node: place[value.node], output: value.output) }
    result.nodes = order.map { old in
      guard case .op(let op, let inputs) = nodes[old].source else { return nodes[old] }
      return Node(source: .op(op, inputs.map(moved)), types: nodes[old].types)
    }
    result.outputs = outputs.map { ($0.name, moved($0.value)) }
    return result
  }

  /// Replaces the op that makes `value` by another with the same inputs and the same type.
  mutating func replace(_ value: Value, by op: any Op) {
    guard case .op(_, let inputs) = nodes[value.node].source else {
      preconditionFailure("only an op can be replaced")
    }
    nodes[value.node] = Node(source: .op(op, inputs), types: nodes[value.node].types)
  }

  private mutating func append(_ source: Source, _ types: [TensorType]) -> [Value] {
    nodes.append(Node(source: source, types: types))
    return types.indices.map { Value(node: nodes.count - 1, output: $0) }
  }
}

extension Graph {
  /// Rebuilds the graph node by node, passing each op through `change`; every pass is built on
  /// this.
  ///
  /// `change` gets the op, its inputs in this graph and in the new one, and the new graph to add
  /// to. It returns the values that replace the op's outputs. Nodes that no output needs are
  /// dropped.
  func rebuilt(
    _ change: (any Op, [Value], [Value], inout Graph) throws(ShapeError) -> [Value]
  ) throws(ShapeError) -> Graph {
    var result = Graph()
    var moved: [Value: Value] = [:]
    let needed = reachable
    for (index, node) in nodes.enumerated() {
      let values: [Value]
      switch node.source {
      case .input(let name): values = [result.input(name, node.types[0])]
      case .parameter(let name)
      where needed.contains(index) || outputs.contains { $0.name == name }:
        values = result.append(node.source, node.types)
      case .constant(let constant) where needed.contains(index):
        values = [result.constant(constant)]
      case .op(let op, let inputs) where needed.contains(index):
        values = try change(op, inputs, inputs.map { moved[$0]! }, &result)
      default: continue
      }
      for (output, value) in values.enumerated() {
        moved[Value(node: index, output: output)] = value
      }
    }
    for (name, value) in outputs { result.output(name, moved[value]!) }
    return result
  }

  /// Nodes that some output depends on.
  var reachable: Set<Int> {
    var seen: Set<Int> = []
    var open = outputs.map(\.value.node)
    while let node = open.popLast() {
      guard seen.insert(node).inserted else { continue }
      if case .op(_, let inputs) = nodes[node].source { open += inputs.map(\.node) }
    }
    return seen
  }

  /// How often each value is used by outputs and by ops that some output needs.
  var uses: [Value: Int] {
    var count: [Value: Int] = [:]
    for node in reachable {
      if case .op(_, let inputs) = nodes[node].source {
        for input in inputs { count[input, default: 0] += 1 }
      }
    }
    for (_, value) in outputs { count[value, default: 0] += 1 }
    return count
  }
}
