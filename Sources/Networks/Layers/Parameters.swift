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
  /// Throws `WeightError` for the first tensor that is missing, of another shape, or not finite.
  public func check(_ weights: Weights) throws(WeightError) -> Weights {
    let parameters = parameters
    let found = weights.strippingPrefix(toFind: parameters.map(\.name))
    var result = weights
    result.tensors = [:]
    for parameter in parameters {
      let tensor = try found.tensor(parameter.name, parameter.shape)
      guard tensor.floats.allSatisfy(\.isFinite) else { throw .notFinite(tensor: parameter.name) }
      result.tensors[parameter.name] = tensor
    }
    return result
  }
}
