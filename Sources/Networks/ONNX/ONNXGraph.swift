/// The nodes of an ONNX graph, in the file's order.
package struct ONNXGraph: Hashable, Sendable {
  enum Attribute: Hashable, Sendable {
    case int(Int)
    case float(Float)
    case text(String)
    case ints([Int])
  }

  struct Node: Hashable, Sendable {
    var op = ""
    var name = ""
    var inputs: [String] = []
    var outputs: [String] = []
    var attributes: [String: Attribute] = [:]

    func int(_ name: String) -> Int? {
      if case .int(let value)? = attributes[name] { value } else { nil }
    }

    func ints(_ name: String) -> [Int]? {
      if case .ints(let values)? = attributes[name] { values } else { nil }
    }
  }

  var nodes: [Node] = []

  /// The convolutions in order, with the names of their tensors.
  var convolutions: [(weight: String, bias: String?)] {
    nodes.filter { $0.op == "Conv" && $0.inputs.count > 1 }
      .map { ($0.inputs[1], $0.inputs.count > 2 ? $0.inputs[2] : nil) }
  }

  var opTypes: Set<String> { Set(nodes.map(\.op)) }
}
