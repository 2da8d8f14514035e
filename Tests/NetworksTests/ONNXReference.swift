import Foundation

@testable import Networks

/// The operators that exports use, in Double, written for tests from ONNX's descriptions and
/// independent of this package's layers.
struct ONNXReference {
  struct Value {
    var shape: [Int]
    var values: [Double]

    init(_ shape: [Int], _ values: [Double]) {
      self.shape = shape
      self.values = values
    }

    /// Values by index in an array of that shape.
    init(_ shape: [Int], _ value: ([Int]) -> Double) {
      self.shape = shape
      values = []
      var place = [Int](repeating: 0, count: shape.count)
      for _ in 0..<shape.reduce(1, *) {
        values.append(value(place))
        for axis in shape.indices.reversed() {
          place[axis] += 1
          if place[axis] < shape[axis] { break }
          place[axis] = 0
        }
      }
    }

    subscript(place: [Int]) -> Double {
      values[zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 }]
    }

    var number: Double { values[0] }
    var integers: [Int] { values.map { Int($0) } }

    func map(_ change: (Double) -> Double) -> Value { Value(shape, values.map(change)) }

    /// Element by element, broadcasting axes of length 1 and missing leading axes.
    func joined(_ other: Value, _ join: (Double, Double) -> Double) -> Value {
      if shape == other.shape { return Value(shape, zip(values, other.values).map(join)) }
      let rank = max(shape.count, other.shape.count)
      func padded(_ shape: [Int]) -> [Int] {
        [Int](repeating: 1, count: rank - shape.count) + shape
      }
      let (a, b) = (padded(shape), padded(other.shape))
      let (x, y) = (Value(a, values), Value(b, other.values))
      return Value(zip(a, b).map { max($0, $1) }) { place in
        func seen(_ shape: [Int]) -> [Int] { zip(place, shape).map { $1 == 1 ? 0 : $0 } }
        return join(x[seen(a)], y[seen(b)])
      }
    }
  }

  private struct Failure: Error { let words: String }

  private let model: ONNXModel

  init(_ bytes: [UInt8]) throws { model = try ONNXModel(bytes, folder: ".") }

  /// Every value of the graph by its name, for [batch, channels, rows, columns] frames.
  func run(_ frames: Value) throws -> [String: Value] {
    var values = model.tensors.mapValues { Value($0.type.shape, $0.values) }
    values["frames"] = frames
    for node in model.graph.nodes {
      let inputs = node.inputs.map { values[$0] ?? Value([], []) }
      values[node.outputs[0]] = try Self.apply(node, inputs)
    }
    return values
  }

  private static func apply(_ node: ONNXGraph.Node, _ inputs: [Value]) throws -> Value {
    let x = inputs[0]
    func float(_ name: String) -> Double {
      if case .float(let value)? = node.attributes[name] { Double(value) } else { .nan }
    }
    switch node.op {
    case "Identity", "Dropout": return x
    case "Add": return x.joined(inputs[1], +)
    case "Sub": return x.joined(inputs[1], -)
    case "Mul": return x.joined(inputs[1], *)
    case "Div": return x.joined(inputs[1], /)
    case "Max": return x.joined(inputs[1]) { max($0, $1) }
    case "Greater": return x.joined(inputs[1]) { $0 > $1 ? 1 : 0 }
    case "Where":
      let chosen = x.joined(inputs[1]) { $0 * $1 }
      return chosen.joined(x.joined(inputs[2]) { (1 - $0) * $1 }, +)
    case "ReduceMin": return reduced(x) { $0.min()! }
    case "ReduceMax": return reduced(x) { $0.max()! }
    case "Sqrt": return x.map { $0.squareRoot() }
    case "Log": return x.map { log($0) }
    case "Relu": return x.map { max($0, 0) }
    case "LeakyRelu": return x.map { $0 < 0 ? $0 * float("alpha") : $0 }
    case "PRelu": return x.joined(inputs[1]) { $0 < 0 ? $0 * $1 : $0 }
    case "Elu": return x.map { $0 < 0 ? float("alpha") * (exp($0) - 1) : $0 }
    case "Sigmoid": return x.map { 1 / (1 + exp(-$0)) }
    case "Tanh": return x.map { 1 - 2 / (exp(2 * $0) + 1) }
    case "Softplus": return x.map { log(1 + exp($0)) }
    case "Clip": return x.map { min(max($0, inputs[1].number), inputs[2].number) }
    case "Softmax": return softmax(x)
    case "BatchNormalization":
      return Value(x.shape) { place in
        let channel = [place[1]]
        let spread = (inputs[4][channel] + float("epsilon")).squareRoot()
        return (x[place] - inputs[3][channel]) / spread * inputs[1][channel] + inputs[2][channel]
      }
    case "InstanceNormalization": return instanceNorm(x, inputs, float("epsilon"))
    case "Conv": return convolution(node, x, inputs)
    case "ConvTranspose": return transposed(node, x, inputs)
    case "MaxPool": return pool(node, x) { $0.max()! }
    case "AveragePool": return pool(node, x) { $0.reduce(0, +) / Double($0.count) }
    case "GlobalMaxPool": return global(x) { $0.max()! }
    case "GlobalAveragePool": return global(x) { $0.reduce(0, +) / Double($0.count) }
    case "Resize": return try resize(node, x, inputs[2].integers)
    case "Concat": return concat(inputs, node.int("axis") ?? -1)
    case "Slice": return slice(x, inputs[1].number, inputs[2].number, inputs[3].integers[0])
    case "Flatten": return Value([x.shape[0], x.shape.dropFirst().reduce(1, *)], x.values)
    case "Gemm":
      let rows = inputs[1].shape
      return Value([x.shape[0], rows[0]]) { place in
        (0..<rows[1]).reduce(inputs.count > 2 ? inputs[2][[place[1]]] : 0) {
          $0 + x[[place[0], $1]] * inputs[1][[place[1], $1]]
        }
      }
    case "Transpose":
      let order = node.ints("perm") ?? []
      return Value(order.map { x.shape[$0] }) { place in
        x[order.indices.map { place[order.firstIndex(of: $0)!] }]
      }
    case "Reshape":
      var shape = inputs[1].integers
      for axis in shape.indices where shape[axis] == 0 { shape[axis] = x.shape[axis] }
      let known = shape.filter { $0 > 0 }.reduce(1, *)
      return Value(shape.map { $0 < 0 ? x.values.count / known : $0 }, x.values)
    case "Unsqueeze":
      var shape = x.shape
      for axis in inputs[1].integers.sorted() { shape.insert(1, at: axis) }
      return Value(shape, x.values)
    default: throw Failure(words: "no reference for \(node.op)")
    }
  }

  private static func reduced(_ x: Value, _ reduce: (ArraySlice<Double>) -> Double) -> Value {
    let frame = x.values.count / x.shape[0]
    return Value(
      [x.shape[0], 1, 1, 1],
      (0..<x.shape[0]).map { reduce(x.values[$0 * frame..<($0 + 1) * frame]) })
  }

  private static func softmax(_ x: Value) -> Value {
    let powers = x.map { exp($0) }
    return Value(x.shape) { place in
      let sum = (0..<x.shape[1]).reduce(0.0) { sum, channel in
        var other = place
        other[1] = channel
        return sum + powers[other]
      }
      return powers[place] / sum
    }
  }

  private static func channels(_ x: Value) -> [[Double]] {
    let pixels = x.shape[2] * x.shape[3]
    return (0..<x.shape[0] * x.shape[1]).map { Array(x.values[$0 * pixels..<($0 + 1) * pixels]) }
  }

  private static func global(_ x: Value, _ reduce: ([Double]) -> Double) -> Value {
    Value([x.shape[0], x.shape[1], 1, 1], channels(x).map(reduce))
  }

  private static func instanceNorm(_ x: Value, _ inputs: [Value], _ epsilon: Double) -> Value {
    Value(
      x.shape,
      channels(x).enumerated().flatMap { index, values in
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        let (scale, shift) = (inputs[1].values, inputs[2].values)
        let channel = index % x.shape[1]
        return values.map {
          ($0 - mean) / (variance + epsilon).squareRoot() * scale[channel] + shift[channel]
        }
      })
  }

  private static func convolution(_ node: ONNXGraph.Node, _ x: Value, _ inputs: [Value]) -> Value {
    let (w, pads) = (inputs[1], node.ints("pads")!)
    let (steps, gaps) = (node.ints("strides")!, node.ints("dilations")!)
    let size = (0..<2).map { axis -> Int in
      let around: Int = pads[axis] + pads[2 + axis]
      let room: Int = x.shape[2 + axis] + around - (w.shape[2 + axis] - 1) * gaps[axis] - 1
      return room / steps[axis] + 1
    }
    return Value([x.shape[0], w.shape[0]] + size) { (place: [Int]) -> Double in
      var sum = inputs.count > 2 ? inputs[2][[place[1]]] : 0
      for i in 0..<w.shape[2] {
        for j in 0..<w.shape[3] {
          let y = place[2] * steps[0] - pads[0] + i * gaps[0]
          let u = place[3] * steps[1] - pads[1] + j * gaps[1]
          guard y >= 0, y < x.shape[2], u >= 0, u < x.shape[3] else { continue }
          for c in 0..<w.shape[1] {
            let from = ((place[0] * x.shape[1] + c) * x.shape[2] + y) * x.shape[3] + u
            let tap = ((place[1] * w.shape[1] + c) * w.shape[2] + i) * w.shape[3] + j
            sum += x.values[from] * w.values[tap]
          }
        }
      }
      return sum
    }
  }

  private static func transposed(_ node: ONNXGraph.Node, _ x: Value, _ inputs: [Value]) -> Value {
    let (w, pads, steps) = (inputs[1], node.ints("pads")!, node.ints("strides")!)
    let gaps = node.ints("dilations") ?? [1, 1]
    let size = (0..<2).map { axis -> Int in
      let reach: Int = (w.shape[2 + axis] - 1) * gaps[axis]
      let cut: Int = pads[axis] + pads[2 + axis]
      return (x.shape[2 + axis] - 1) * steps[axis] + reach + 1 - cut
    }
    return Value([x.shape[0], w.shape[1]] + size) { (place: [Int]) -> Double in
      var sum = inputs.count > 2 ? inputs[2][[place[1]]] : 0
      for i in 0..<w.shape[2] {
        for j in 0..<w.shape[3] {
          let y = place[2] + pads[0] - i * gaps[0]
          let u = place[3] + pads[1] - j * gaps[1]
          guard y >= 0, u >= 0, y % steps[0] == 0, u % steps[1] == 0, y / steps[0] < x.shape[2],
            u / steps[1] < x.shape[3]
          else { continue }
          for c in 0..<w.shape[0] {
            sum += x[[place[0], c, y / steps[0], u / steps[1]]] * w[[c, place[1], i, j]]
          }
        }
      }
      return sum
    }
  }

  private static func pool(
    _ node: ONNXGraph.Node, _ x: Value, _ reduce: ([Double]) -> Double
  ) -> Value {
    let (window, pads) = (node.ints("kernel_shape")!, node.ints("pads")!)
    let steps = node.ints("strides")!
    let size = (0..<2).map { axis -> Int in
      let around: Int = pads[axis] + pads[2 + axis]
      return (x.shape[2 + axis] + around - window[axis]) / steps[axis] + 1
    }
    return Value([x.shape[0], x.shape[1]] + size) { (place: [Int]) -> Double in
      var seen: [Double] = []
      for i in 0..<window[0] {
        for j in 0..<window[1] {
          let (y, u) = (place[2] * steps[0] - pads[0] + i, place[3] * steps[1] - pads[1] + j)
          guard y >= 0, y < x.shape[2], u >= 0, u < x.shape[3] else { continue }
          seen.append(x[[place[0], place[1], y, u]])
        }
      }
      return reduce(seen)
    }
  }

  private static func resize(_ node: ONNXGraph.Node, _ x: Value, _ scales: [Int]) throws -> Value {
    let shape = zip(x.shape, scales).map { $0 * $1 }
    switch (node.attributes["mode"], node.attributes["coordinate_transformation_mode"]) {
    case (.text("nearest"), .text("asymmetric"))
    where node.attributes["nearest_mode"] == .text("floor"):
      return Value(shape) { place in x[zip(place, scales).map { $0 / $1 }] }
    case (.text("linear"), .text("half_pixel")):
      return Value(shape) { place in
        func around(_ axis: Int) -> [(Int, Double)] {
          let at = (Double(place[axis]) + 0.5) / Double(scales[axis]) - 0.5
          let low = Int(at.rounded(.down))
          let last = x.shape[axis] - 1
          let share = at - Double(low)
          return [(min(max(low, 0), last), 1 - share), (min(max(low + 1, 0), last), share)]
        }
        return around(2).reduce(0.0) { sum, row in
          around(3).reduce(sum) {
            $0 + row.1 * $1.1 * x[[place[0], place[1], row.0, $1.0]]
          }
        }
      }
    default: throw Failure(words: "no reference for this enlargement")
    }
  }

  private static func concat(_ inputs: [Value], _ axis: Int) -> Value {
    var shape = inputs[0].shape
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    return Value(shape) { place in
      var place = place
      for input in inputs {
        if place[axis] < input.shape[axis] { return input[place] }
        place[axis] -= input.shape[axis]
      }
      return .nan
    }
  }

  private static func slice(_ x: Value, _ from: Double, _ to: Double, _ axis: Int) -> Value {
    let length = x.shape[axis]
    func place(_ bound: Double) -> Int {
      bound < 0 ? max(length + Int(bound), 0) : Int(min(bound, Double(length)))
    }
    var shape = x.shape
    shape[axis] = max(place(to) - place(from), 0)
    return Value(shape) { at in
      var at = at
      at[axis] += place(from)
      return x[at]
    }
  }
}
