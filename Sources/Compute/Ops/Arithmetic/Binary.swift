import CPUKernels
import Foundation

/// A function of two numbers, applied to two tensors whose shapes broadcast (NumPy's rule).
///
/// Inputs: two float32 tensors; axes are aligned at the last, and an axis that is missing or of
/// length 1 is stretched. Output: the common shape. `Add` takes equal shapes only: networks use it
/// to join branches, convolutions fuse it, and it rejects shapes that this op would stretch.
package struct Binary: Op {
  package static let name = "binary"

  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case add
    case subtract
    case multiply
    case divide
    case maximum
    case minimum
    /// Left to the power of right, for left ≥ 0; NaN below. The error is up to |right · ln left|
    /// roundings; the result is clamped to e⁻⁸⁷ … e⁸⁸.
    case power
    /// 1 where left < right, else 0; comparisons have slope 0.
    case less
    /// 1 where left ≤ right, else 0.
    case atMost = "at most"
    /// 1 where both are equal, else 0.
    case equal

    func apply(_ a: Double, _ b: Double) -> Double {
      switch self {
      case .add: a + b
      case .subtract: a - b
      case .multiply: a * b
      case .divide: a / b
      case .maximum: a < b || b.isNaN ? b : a
      case .minimum: b < a || b.isNaN ? b : a
      case .power: a < 0 ? .nan : pow(a, b)
      case .less: a < b ? 1 : 0
      case .atMost: a <= b ? 1 : 0
      case .equal: a == b ? 1 : 0
      }
    }

    var code: Int {
      switch self {
      case .add: glint_binary_add
      case .subtract: glint_binary_subtract
      case .multiply: glint_binary_multiply
      case .divide: glint_binary_divide
      case .maximum: glint_binary_maximum
      case .minimum: glint_binary_minimum
      case .power: glint_binary_power
      case .less: glint_binary_less
      case .atMost: glint_binary_at_most
      case .equal: glint_binary_equal
      }
    }
  }

  package let kind: Kind

  package init(_ kind: Kind) { self.kind = kind }

  package var parameters: String { kind.rawValue }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.element == .float32 }) else {
      throw ShapeError(Self.name, "takes two float32 tensors, not \(inputs)")
    }
    guard let rule = Broadcast(inputs[0].shape, inputs[1].shape) else {
      throw ShapeError(
        Self.name, "\(inputs[0]) and \(inputs[1]) cannot be broadcast to one shape",
        hint: "axes are aligned at the last; where two lengths differ, one must be 1")
    }
    guard rule.fits else {
      throw ShapeError(
        Self.name, "broadcast and other axes of \(inputs[0]) and \(inputs[1]) alternate too often")
    }
    return [TensorType(.float32, rule.shape)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let rule = Self.rule(inputs.map(\.type))
    let (left, right) = (inputs[0].values, inputs[1].values)
    return [
      Reference(
        TensorType(.float32, rule.shape),
        rule.places.map { kind.apply(left[$0.left], right[$0.right]) })
    ]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: outputs[0].count, bytes: (inputs + outputs).bytes)
  }

  /// The broadcast of types that `outputs` has accepted.
  private static func rule(_ inputs: [TensorType]) -> Broadcast {
    guard let rule = Broadcast(inputs[0].shape, inputs[1].shape) else {
      preconditionFailure("the shape rule refuses \(inputs)")
    }
    return rule
  }

  package var cpu: [Candidate<CPULaunch>] {
    Broadcast.cpu(kind.code, .input(1)) { Self.rule($0.inputs) }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    Broadcast.openCL(kind.code, .input(1)) { Self.rule($0.inputs) }
  }

  /// Where both are equal, the gradient of a maximum or minimum goes to the left operand.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let (a, b, result, given) = (inputs[0], inputs[1], outputs[0], given[0]!)
    let (left, right) = (graph.type(of: a), graph.type(of: b))
    func back(_ factor: Graph.Value, to type: TensorType) throws -> Graph.Value {
      try graph.product(given, factor, summedTo: type)
    }
    func chosen(_ kind: Kind, _ a: Graph.Value, _ b: Graph.Value) throws -> Graph.Value {
      try graph.apply(Binary(kind), a, b)
    }
    let negative = Elementwise(.affine(scale: -1, shift: 0))
    switch kind {
    case .add: return try [graph.sum(given, to: left), graph.sum(given, to: right)]
    case .subtract:
      return try [
        graph.sum(given, to: left), graph.apply(negative, graph.sum(given, to: right)),
      ]
    case .multiply: return try [back(b, to: left), back(a, to: right)]
    case .divide:
      return try [
        back(graph.apply(Elementwise(.reciprocal), b), to: left),
        back(graph.apply(negative, chosen(.divide, result, b)), to: right),
      ]
    case .maximum:
      return try [back(chosen(.atMost, b, a), to: left), back(chosen(.less, a, b), to: right)]
    case .minimum:
      return try [back(chosen(.atMost, a, b), to: left), back(chosen(.less, b, a), to: right)]
    case .power:
      let less = try graph.apply(Elementwise(.affine(scale: 1, shift: -1)), b)
      let slope = try chosen(.multiply, b, chosen(.power, a, less))
      let logarithm = try chosen(.multiply, result, graph.apply(Elementwise(.log), a))
      return try [back(slope, to: left), back(logarithm, to: right)]
    case .less, .atMost, .equal:
      return [graph.constant(zeros: left), graph.constant(zeros: right)]
    }
  }

  package static var samples: [Sample] {
    let shapes: [([Int], [Int])] = [
      ([1], [1]), ([13], [13]), ([1027], [1]), ([17], [3, 5, 1]), ([2, 3, 5, 17], [17]),
      ([2, 1, 5, 1], [3, 1, 17]), ([2, 3, 1, 5, 1], [1, 3, 7, 1, 13]), ([3, 33, 1], [1, 33, 3]),
    ]
    let plain = Kind.allCases.flatMap { kind in
      shapes.prefix(kind == .add || kind == .multiply ? shapes.count : 6).map { left, right in
        Sample(
          Binary(kind), [.random(left, 0.5...4, seed: 1), .random(right, 0.5...4, seed: 2)],
          kind == .power ? .relative(16 * 0x1p-24) : .roundings(1), tiny: left != [1027])
      }
    }
    return plain + [
      Sample(
        Binary(.power),
        [
          Reference(Tensor([0, 0, 0, 0.0, -2], shape: [5])),
          Reference(Tensor([1.5, 0, -1, .nan, 2], shape: [5])),
        ], note: "edges", .relative(16 * 0x1p-24), tiny: true),
      Sample(
        Binary(.equal),
        [.random([5, 13], 0...3, seed: 1).wholeNumbers, .random([13], 0...3).wholeNumbers],
        note: "ties", .exact, tiny: true),
      Sample(
        Binary(.maximum),
        [.random([5, 13], -3...3, seed: 1).wholeNumbers, .random([13], -3...3).wholeNumbers],
        note: "ties", .exact, tiny: true),
    ]
  }
}

extension Reference {
  /// Every value rounded to the nearest integer.
  fileprivate var wholeNumbers: Reference { Reference(type, values.map { $0.rounded() }) }
}
