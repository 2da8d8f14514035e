import Compute

/// The learned layers of a file that keeps their order but not their names: an ONNX graph with
/// batch norms folded into convolutions, or Keras 3, which numbers the layers of each kind.
struct LayersInOrder: Sendable {
  enum Kind: Hashable, Sendable {
    case convolution
    case transposedConvolution
    case batchNorm
    case instanceNorm
    case prelu
    case dense
    case stabilise
  }

  /// How such a file describes a layer of a network.
  struct Place: Hashable, Sendable {
    var kind: Kind
    /// Stride and dilation.
    var steps: [Int]

    init(_ kind: Kind, steps: [Int] = []) {
      self.kind = kind
      self.steps = steps
    }
  }

  struct Layer: Sendable {
    /// Keys are `weight`, `bias`, `running_mean`, `running_var`.
    var tensors: [String: Tensor]
    /// Stride and dilation, if the file states them.
    var steps: [Int]?
  }

  var layers: [Kind: [Layer]] = [:]
}

extension Network {
  /// The file's tensors under this network's names; nil if the layers differ.
  ///
  /// If the file has no batch norms, those after a convolution are contained in its weight and
  /// bias.
  func named(_ file: LayersInOrder) -> [String: Tensor]? {
    var left = file.layers.mapValues { $0[...] }
    var result: [String: Tensor] = [:]
    for node in nodes {
      guard let place = node.layer.place else { continue }
      if let norm = node.layer as? any FoldableLayer, file.layers[place.kind] == nil {
        guard unfold(norm, node, into: &result) else { return nil }
        continue
      }
      guard let layer = left[place.kind]?.popFirst(), layer.steps ?? place.steps == place.steps
      else { return nil }
      for (part, tensor) in layer.tensors { result["\(node.name).\(part)"] = tensor }
    }
    let known = Set(parameters.map(\.name))
    return left.values.allSatisfy(\.isEmpty) && known.isSuperset(of: result.keys) ? result : nil
  }

  /// Tensors of a layer that was folded into its convolution: identity, except for a bias that the
  /// network's convolution cannot hold. False if no convolution precedes it.
  private func unfold(
    _ layer: any FoldableLayer, _ node: Node, into tensors: inout [String: Tensor]
  ) -> Bool {
    guard let source = node.inputs[0].node, nodes[source].layer.place?.kind == .convolution else {
      return false
    }
    let bias = "\(nodes[source].name).bias"
    let hasBias = parameters(of: nodes[source]).contains { $0.name == bias }
    let moved = hasBias ? nil : tensors.removeValue(forKey: bias)
    for (part, tensor) in layer.folded(bias: moved, channels: node.channels) {
      tensors["\(node.name).\(part)"] = tensor
    }
    return true
  }
}

extension ONNXGraph {
  /// Each learned layer once, in the order of first use.
  func layers(_ constants: [String: Tensor]) -> LayersInOrder {
    var result = LayersInOrder()
    var seen: Set<String> = []
    for node in nodes where node.inputs.count > 1 && constants[node.inputs[1]] != nil {
      guard let (kind, layer) = node.learned(constants), seen.insert(node.inputs[1]).inserted
      else { continue }
      result.layers[kind, default: []].append(layer)
    }
    return result
  }
}

extension ONNXGraph.Node {
  /// The learned layer that ONNX's operator stands for; nil for other operators.
  fileprivate func learned(
    _ constants: [String: Tensor]
  ) -> (kind: LayersInOrder.Kind, layer: LayersInOrder.Layer)? {
    func layer(_ names: String..., steps: [Int]? = nil) -> LayersInOrder.Layer {
      var layer = LayersInOrder.Layer(tensors: [:], steps: steps)
      for (name, input) in zip(names, inputs.dropFirst()) { layer.tensors[name] = constants[input] }
      return layer
    }
    let steps = [ints("strides")?.first ?? 1, ints("dilations")?.first ?? 1]
    switch op {
    case "Conv": return (.convolution, layer("weight", "bias", steps: steps))
    case "ConvTranspose": return (.transposedConvolution, layer("weight", "bias", steps: steps))
    case "BatchNormalization":
      return (.batchNorm, layer("weight", "bias", "running_mean", "running_var"))
    case "InstanceNormalization": return (.instanceNorm, layer("weight", "bias"))
    case "PRelu":
      var found = layer("weight")
      // Slopes have axes of length 1 for rows and columns.
      found.tensors["weight"] = found.tensors["weight"].map { $0.reshaped([$0.type.count]) }
      return (.prelu, found)
    case "Gemm":
      var found = layer("weight", "bias")
      if int("transB") ?? 0 == 0, let weight = found.tensors["weight"],
        weight.type.shape.count == 2
      {
        found.tensors["weight"] = weight.permuted([1, 0])
      }
      return (.dense, found)
    default: return nil
    }
  }
}
