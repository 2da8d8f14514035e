import Containers

/// Writes an ONNX model: opset 13, IR 7, for compatibility with engines of recent years.
struct ONNXWriter {
  private var graph = ProtobufWriter()
  private var values = 0

  enum Attribute {
    case int(Int)
    case float(Float)
    case text(String)
    case ints([Int])
  }

  /// Adds a node with one output and returns that output's name.
  mutating func node(
    _ op: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [],
    output: String? = nil
  ) -> String {
    values += 1
    let result = output ?? "value_\(values)"
    graph.message(1) { node in
      for input in inputs { node.text(1, input) }
      node.text(2, result)
      node.text(3, "\(op)_\(values)")
      node.text(4, op)
      for (name, value) in attributes {
        node.message(5) { attribute in
          attribute.text(1, name)
          switch value {
          case .int(let number):
            attribute.number(3, number)
            attribute.number(20, 2)
          case .float(let number):
            attribute.float(2, number)
            attribute.number(20, 1)
          case .text(let text):
            attribute.text(4, text)
            attribute.number(20, 3)
          case .ints(let numbers):
            for number in numbers { attribute.number(8, number) }
            attribute.number(20, 7)
          }
        }
      }
    }
    return result
  }

  /// x · scale + shift, without parts that have no effect.
  mutating func affine(_ x: String, _ name: String, _ scale: Float, _ shift: Float) -> String {
    var x = x
    if scale != 1 { x = node("Mul", [x, initializer("\(name).scale", [], floats: [scale])]) }
    if shift != 0 { x = node("Add", [x, initializer("\(name).shift", [], floats: [shift])]) }
    return x
  }

  /// The range [from, to) of an axis.
  mutating func slice(
    _ x: String, _ name: String, axis: Int, _ from: Int, _ to: Int
  ) -> String {
    let bounds = [("from", from), ("to", to), ("axis", axis)].map {
      initializer("\(name).\($0.0)", integers: [$0.1])
    }
    return node("Slice", [x] + bounds)
  }

  mutating func initializer(_ name: String, _ shape: [Int], floats: [Float]) -> String {
    tensor(name, shape, kind: 1, data: floats.withUnsafeBytes(Array.init))
  }

  mutating func initializer(_ name: String, integers: [Int]) -> String {
    tensor(
      name, [integers.count], kind: 7,
      data: integers.map(Int64.init).withUnsafeBytes(Array.init))
  }

  private mutating func tensor(_ name: String, _ shape: [Int], kind: Int, data: [UInt8]) -> String {
    graph.message(5) { tensor in
      for length in shape { tensor.number(1, length) }
      tensor.number(2, kind)
      tensor.text(8, name)
      tensor.data(9, data)
    }
    return name
  }

  /// Declares a float32 input or output; names stand for free dimensions.
  mutating func port(_ name: String, _ shape: [(value: Int?, name: String)], output: Bool) {
    graph.message(output ? 12 : 11) { port in
      port.text(1, name)
      port.message(2) { type in
        type.message(1) { tensor in
          tensor.number(1, 1)
          tensor.message(2) { dimensions in
            for length in shape {
              dimensions.message(1) { dimension in
                if let value = length.value {
                  dimension.number(1, value)
                } else {
                  dimension.text(2, length.name)
                }
              }
            }
          }
        }
      }
    }
  }

  func model(name: String, metadata: [String: String]) -> [UInt8] {
    var graph = graph
    graph.text(2, name)
    var model = ProtobufWriter()
    model.number(1, 7)
    model.text(2, "Glint")
    model.data(7, graph.bytes)
    model.message(8) { opset in
      opset.text(1, "")
      opset.number(2, 13)
    }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      model.message(14) { entry in
        entry.text(1, key)
        entry.text(2, value)
      }
    }
    return model.bytes
  }
}
