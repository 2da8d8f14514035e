import CPUKernels

/// The same values in another shape.
package struct Reshape: Op {
  package static let name = "reshape"
  package let shape: [Int]

  package init(_ shape: [Int]) { self.shape = shape }

  package var parameters: String { shape.map(String.init).joined(separator: "×") }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, shape.allSatisfy({ $0 >= 0 }),
      inputs[0].count == shape.reduce(1, *)
    else { throw ShapeError(Self.name, "\(inputs) cannot take the shape \(parameters)") }
    return [TensorType(.float32, shape)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    [Reference(TensorType(.float32, shape), inputs[0].values)]
  }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(Reshape(graph.type(of: inputs[0]).shape), given[0]!)]
  }

  /// A copy, as an elementwise chain without steps.
  private var copy: Elementwise { Elementwise([]) }

  package var cpu: [Candidate<CPULaunch>] { copy.cpu }
  package var openCL: [Candidate<OpenCLLaunch>] { copy.openCL }

  package static var samples: [Sample] {
    [([1], [1, 1]), ([3, 5, 7], [105, 1]), ([2, 17, 1], [1, 1, 34])].map { from, to in
      Sample(Reshape(to), [.random(from, -9...9)], .exact, tiny: true)
    }
  }
}
