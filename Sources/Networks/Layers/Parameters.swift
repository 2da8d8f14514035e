import Compute

/// A tensor that a network learns or keeps.
public struct Parameter: Hashable, Sendable {
  public let name: String
  public let shape: [Int]
  /// Running statistics are kept, not trained.
  public let trained: Bool

  public var count: Int { shape.reduce(1, *) }
}

extension Network {
  /// Every tensor that a file of weights must hold, in the order of the layers.
  public var parameters: [Parameter] {
    nodes.flatMap { parameters(of: $0) }
  }

  /// Number of trained values.
  public var parameterCount: Int {
    parameters.reduce(0) { $0 + ($1.trained ? $1.count : 0) }
  }

  func parameters(of node: Node) -> [Parameter] {
    func named(_ part: String, _ shape: [Int], trained: Bool = true) -> Parameter {
      Parameter(name: "\(node.name).\(part)", shape: shape, trained: trained)
    }
    let given = node.inputs.first.map { channels(of: $0) } ?? 0
    switch node.layer {
    case .convolution(let kernel, let outputs, let bias):
      return [named("weight", [outputs, given, kernel.size, kernel.size])]
        + (bias ? [named("bias", [outputs])] : [])
    case .transposedConvolution(let kernel, let outputs, let bias):
      return [named("weight", [given, outputs, kernel.size, kernel.size])]
        + (bias ? [named("bias", [outputs])] : [])
    case .batchNorm:
      return [named("weight", [given]), named("bias", [given])]
        + ["running_mean", "running_var"].map { named($0, [given], trained: false) }
    case .dense(let outputs, let height, let width):
      return [named("weight", [outputs, given * height * width]), named("bias", [outputs])]
    default: return []
    }
  }

  /// The weights under this network's names, every tensor of its shape and finite.
  ///
  /// Throws `WeightError` for the first tensor that is missing, of another shape, not finite, or of a
  /// layer that the network does not have.
  public func check(_ weights: Weights) throws(WeightError) -> Weights {
    let parameters = parameters
    var found = try weights.strippingPrefix(toFind: parameters.map(\.name))
    if parameters.contains(where: { found.tensors[$0.name] == nil }),
      let named = weights.inOrder.flatMap(named)
    {
      found.tensors = named
    }
    var result = weights
    result.tensors = [:]
    for parameter in parameters {
      let tensor = try found.tensor(parameter.name, parameter.shape)
      guard tensor.floats.allSatisfy(\.isFinite) else { throw .notFinite(tensor: parameter.name) }
      result.tensors[parameter.name] = tensor
    }
    if weights.graph == nil { try checkNothingIsLeft(of: found) }
    return result
  }

  /// A tensor beside the network's own, in a part of that name, belongs to a network of more layers.
  /// What other parts hold (an optimizer, a loss) is of no concern.
  private func checkNothingIsLeft(of weights: Weights) throws(WeightError) {
    func part(_ name: String) -> String { name.prefix { $0 != "." }.filter { !$0.isNumber } }
    let own = Set(parameters.map(\.name))
    let parts = Set(own.map(part))
    for name in weights.tensors.keys.sorted() where !own.contains(name) {
      guard parts.contains(part(name)), !name.hasSuffix(".num_batches_tracked") else { continue }
      throw .unexpected(tensor: name, shape: weights.shape(name))
    }
  }
}
