import Compute
import Containers

/// An ONNX (Open Neural Network Exchange) model file: its graph and its initializers.
///
/// Field numbers: onnx.proto3 of github.com/onnx/onnx.
struct ONNXModel {
  private(set) var graph = ONNXGraph()
  private(set) var tensors: [String: Tensor] = [:]
  private(set) var metadata: [String: String] = [:]
  private let bytes: [UInt8]
  private let beside: FilesBeside

  /// Of all known files, only these messages start with a small version number as field 1.
  static func recognizes(_ bytes: [UInt8]) -> Bool {
    bytes.count > 8 && bytes[0] == 8 && (3...20).contains(bytes[1])
  }

  var weights: Weights {
    get throws {
      let configuration = try metadata[SafeTensors.configurationKey].map {
        try NetworkConfiguration(json: $0)
      }
      var weights = Weights(tensors, configuration: configuration, graph: graph)
      weights.inOrder = graph.layers(tensors)
      return weights
    }
  }

  /// - Parameter folder: the file's folder, which also holds its external data.
  init(_ bytes: [UInt8], folder: String) throws {
    self.bytes = bytes
    beside = FilesBeside(folder)
    var reader = try ProtobufReader(bytes, 0..<bytes.count)
    var found = false
    while let (number, field) = try reader.next() {
      switch (number, field) {
      case (7, .bytes(let range)):
        found = true
        try readGraph(range)
      case (14, .bytes(let range)):
        let pair = try strings(range, fields: [1, 2])
        metadata[pair[1] ?? ""] = pair[2] ?? ""
      default: break
      }
    }
    guard found, !graph.nodes.isEmpty else {
      throw FileFault(
        "is an ONNX model without a graph; the file may be truncated", byte: bytes.count)
    }
  }

  private func text(_ range: Range<Int>) throws(FileFault) -> String {
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw FileFault("has a name that is not UTF-8", byte: range.lowerBound)
    }
    return text
  }

  private func strings(_ range: Range<Int>, fields: Set<Int>) throws -> [Int: String] {
    var reader = try ProtobufReader(bytes, range)
    var result: [Int: String] = [:]
    while let (number, field) = try reader.next() {
      if fields.contains(number), case .bytes(let place) = field {
        result[number] = try text(place)
      }
    }
    return result
  }

  private mutating func readGraph(_ range: Range<Int>) throws {
    var reader = try ProtobufReader(bytes, range)
    while let (number, field) = try reader.next() {
      guard case .bytes(let place) = field else { continue }
      switch number {
      case 1: graph.nodes.append(try node(place))
      case 5:
        let (name, shape, values) = try tensor(place)
        tensors[name] = Tensor(values, shape: shape)
      default: break
      }
    }
  }

  private func node(_ range: Range<Int>) throws -> ONNXGraph.Node {
    var reader = try ProtobufReader(bytes, range)
    var node = ONNXGraph.Node()
    while let (number, field) = try reader.next() {
      guard case .bytes(let place) = field else { continue }
      switch number {
      case 1: node.inputs.append(try text(place))
      case 2: node.outputs.append(try text(place))
      case 3: node.name = try text(place)
      case 4: node.op = try text(place)
      case 5:
        let (name, value) = try attribute(place)
        node.attributes[name] = value
      default: break
      }
    }
    return node
  }

  private func attribute(_ range: Range<Int>) throws -> (String, ONNXGraph.Attribute?) {
    var reader = try ProtobufReader(bytes, range)
    var name = ""
    var value: ONNXGraph.Attribute?
    var ints: [Int] = []
    while let (number, field) = try reader.next() {
      switch (number, field) {
      case (1, .bytes(let place)): name = try text(place)
      case (2, .fixed(let bits)): value = .float(Float(bitPattern: bits))
      case (3, .number(let bits)): value = .int(Int(Int64(bitPattern: bits)))
      case (4, .bytes(let place)): value = .text(try text(place))
      case (8, _): ints += try integers(field)
      default: break
      }
    }
    if !ints.isEmpty { value = .ints(ints) }
    return (name, value)
  }

  /// A repeated integer: a single value, or several packed ones.
  private func integers(_ field: ProtobufReader.Field) throws -> [Int] {
    switch field {
    case .number(let bits): return [Int(Int64(bitPattern: bits))]
    case .bytes(let place):
      var reader = try ProtobufReader(bytes, place)
      var result: [Int] = []
      while let bits = try reader.nextPacked() { result.append(Int(Int64(bitPattern: bits))) }
      return result
    case .fixed: return []
    }
  }

  private func tensor(_ range: Range<Int>) throws -> (name: String, shape: [Int], values: [Float]) {
    var reader = try ProtobufReader(bytes, range)
    var shape: [Int] = []
    var kind: UInt64 = 0
    var name = ""
    var values: [Float] = []
    var raw: Range<Int>?
    var outside: [String: String] = [:]
    while let (number, field) = try reader.next() {
      switch (number, field) {
      case (1, _): shape += try integers(field)
      case (2, .number(let number)): kind = number
      case (4, .bytes(let place)): values += StoredElement.f32.floats(bytes[place])
      case (4, .fixed(let bits)): values.append(Float(bitPattern: bits))
      case (5, _), (7, _): values += try integers(field).map { Float($0) }
      case (8, .bytes(let place)): name = try text(place)
      case (9, .bytes(let place)): raw = place
      case (10, .bytes(let place)): values += StoredElement.f64.floats(bytes[place])
      case (13, .bytes(let place)):
        let entry = try strings(place, fields: [1, 2])
        outside[entry[1] ?? ""] = entry[2] ?? ""
      default: break
      }
    }
    let kinds: [UInt64: StoredElement] = [
      1: .f32, 2: .u8, 3: .i8, 4: .u16, 5: .i16, 6: .i32, 7: .i64, 9: .bool, 10: .f16, 11: .f64,
      12: .u32, 13: .u64, 16: .bf16,
    ]
    guard let element = kinds[kind] else {
      throw FileFault(
        "stores tensor `\(name)` as kind \(kind), which is not a number", byte: range.lowerBound)
    }
    if let raw { values = element.floats(bytes[raw]) }
    if let file = outside["location"] {
      guard let count = elementCount(shape) else {
        throw FileFault("has tensor `\(name)` of shape \(shape)", byte: range.lowerBound)
      }
      values = element.floats(
        try beside.bytes(
          of: file, from: outside["offset"], count: count * element.width, tensor: name))
    }
    guard let count = elementCount(shape), count == values.count, shape.count <= 16 else {
      throw FileFault(
        "stores \(values.count) values for tensor `\(name)` of shape \(shape)",
        byte: range.lowerBound)
    }
    return (name, shape, values)
  }
}
