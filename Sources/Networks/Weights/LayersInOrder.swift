import Compute

/// The learned layers of a file that keeps their order but not their names: an ONNX graph whose
/// exporter folded batch norms into convolutions, or Keras 3, which numbers the layers of each kind.
struct LayersInOrder: Sendable {
  enum Kind: Hashable, Sendable {
    case convolution
    case transposedConvolution
    case batchNorm
    case dense
  }

  struct Layer: Sendable {
    /// By `weight`, `bias`, `running_mean`, `running_var`.
    var tensors: [String: Tensor]
    /// Stride and dilation, where the file says them.
    var steps: [Int]?
  }

  var layers: [Kind: [Layer]] = [:]
}

extension Network {
  /// The file's tensors under this network's names; nil where the layers are others.
  ///
  /// Where the file has no batch norms, those after a convolution are in its weight and bias.
  func named(_ file: LayersInOrder) -> [String: Tensor]? {
    var left = file.layers.mapValues { $0[...] }
    var result: [String: Tensor] = [:]
    for node in nodes {
      guard let kind = node.layer.kind else { continue }
      if kind == .batchNorm, file.layers[kind] == nil {
        guard absorb(node, into: &result) else { return nil }
        continue
      }
      guard let layer = left[kind]?.popFirst(), layer.steps ?? node.layer.steps == node.layer.steps
      else { return nil }
      for (part, tensor) in layer.tensors { result["\(node.name).\(part)"] = tensor }
    }
    let known = Set(parameters.map(\.name))
    return left.values.allSatisfy(\.isEmpty) && known.isSuperset(of: result.keys) ? result : nil
  }

  /// A batch norm that only adds what its convolution has no bias for; false where none precedes it.
  private func absorb(_ node: Node, into tensors: inout [String: Tensor]) -> Bool {
    guard case .batchNorm(let epsilon) = node.layer, let source = node.inputs[0].node,
      case .convolution(_, _, let bias) = nodes[source].layer
    else { return false }
    func constant(_ value: Float) -> Tensor {
      Tensor([Float](repeating: value, count: node.channels), shape: [node.channels])
    }
    let moved = bias ? nil : tensors.removeValue(forKey: "\(nodes[source].name).bias")
    tensors["\(node.name).weight"] = constant(1)
    tensors["\(node.name).bias"] = moved ?? constant(0)
    tensors["\(node.name).running_mean"] = constant(0)
    tensors["\(node.name).running_var"] = constant(1 - epsilon)
    return true
  }
}

extension Layer {
  fileprivate var kind: LayersInOrder.Kind? {
    switch self {
    case .convolution: .convolution
    case .transposedConvolution: .transposedConvolution
    case .batchNorm: .batchNorm
    case .dense: .dense
    default: nil
    }
  }

  fileprivate var steps: [Int] {
    switch self {
    case .convolution(let kernel, _, _), .transposedConvolution(let kernel, _, _):
      [kernel.stride, kernel.dilation]
    default: []
    }
  }
}

extension ONNXGraph {
  /// Each learned layer once, in the order of its first use.
  func layers(_ constants: [String: Tensor]) -> LayersInOrder {
    var result = LayersInOrder()
    var seen: Set<String> = []
    for node in nodes where node.inputs.count > 1 && constants[node.inputs[1]] != nil {
      let parts: (kind: LayersInOrder.Kind, names: [String])? =
        switch node.op {
        case "Conv": (.convolution, ["weight", "bias"])
        case "ConvTranspose": (.transposedConvolution, ["weight", "bias"])
        case "BatchNormalization": (.batchNorm, ["weight", "bias", "running_mean", "running_var"])
        case "Gemm": (.dense, ["weight", "bias"])
        default: nil
        }
      guard let parts, seen.insert(node.inputs[1]).inserted else { continue }
      var layer = LayersInOrder.Layer(tensors: [:])
      for (part, name) in zip(parts.names, node.inputs.dropFirst()) {
        layer.tensors[part] = constants[name]
      }
      switch parts.kind {
      case .convolution, .transposedConvolution:
        layer.steps = [node.ints("strides")?.first ?? 1, node.ints("dilations")?.first ?? 1]
      case .dense where node.int("transB") ?? 0 == 0:
        if let weight = layer.tensors["weight"], weight.type.shape.count == 2 {
          layer.tensors["weight"] = weight.permuted([1, 0])
        }
      default: break
      }
      result.layers[parts.kind, default: []].append(layer)
    }
    return result
  }
}
