import CPUKernels

/// A tensor repeated along axes of length 1, or along new leading axes, to a stated shape.
package struct Stretch: Op {
  package static let name = "stretch"
  package let shape: [Int]

  package init(to shape: [Int]) { self.shape = shape }

  package var parameters: String { shape.map(String.init).joined(separator: "×") }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, shape.allSatisfy({ $0 > 0 }),
      let rule = Broadcast(inputs[0].shape, inputs[0].shape, to: shape), rule.shape == shape,
      rule.fits
    else {
      throw ShapeError(Self.name, "\(inputs) cannot be broadcast to \(parameters)")
    }
    return [TensorType(.float32, shape)]
  }

  private func rule(_ input: TensorType) -> Broadcast {
    guard let rule = Broadcast(input.shape, input.shape, to: shape) else {
      preconditionFailure("the shape rule refuses \(input)")
    }
    return rule
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    [
      Reference(
        TensorType(.float32, shape),
        rule(inputs[0].type).places.map { inputs[0].values[$0.left] })
    ]
  }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.sum(given[0]!, to: graph.type(of: inputs[0]))]
  }

  package var cpu: [Candidate<CPULaunch>] {
    Broadcast.cpu(glint_binary_first, .input(0)) { rule($0.inputs[0]) }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    Broadcast.openCL(glint_binary_first, .input(0)) { rule($0.inputs[0]) }
  }

  package static var samples: [Sample] {
    [([1], [1]), ([17], [3, 17]), ([3, 1, 5], [2, 3, 7, 5]), ([1, 1, 1], [3, 1, 33])].map {
      Sample(Stretch(to: $1), [.random($0, -9...9)], .exact, tiny: true)
    }
  }
}

extension Graph {
  /// The sum of a value over the axes along which a tensor of `type` is stretched to the value's
  /// shape.
  mutating func sum(_ value: Value, to type: TensorType) throws(ShapeError) -> Value {
    try sum([value], to: type)
  }

  /// The product of two values, summed in the same way; the first has the common shape.
  mutating func product(
    _ value: Value, _ factor: Value, summedTo type: TensorType
  ) throws(ShapeError) -> Value {
    let shape = self.type(of: value)
    if type != shape, self.type(of: factor) == shape { return try sum([value, factor], to: type) }
    return try sum(apply(Binary(.multiply), value, factor), to: type)
  }

  private mutating func sum(_ values: [Value], to type: TensorType) throws(ShapeError) -> Value {
    let shape = self.type(of: values[0]).shape
    if values.count == 1, type.shape == shape { return values[0] }
    let sum = try apply(
      Reduce(.sum, axes: Broadcast.stretchedAxes(type.shape, to: shape)), to: values)[0]
    return try reshaped(sum, to: type.shape)
  }

  /// The value in another shape; the value itself if it already has it.
  package mutating func reshaped(_ value: Value, to shape: [Int]) throws(ShapeError) -> Value {
    try type(of: value).shape == shape ? value : apply(Reshape(shape), value)
  }
}
