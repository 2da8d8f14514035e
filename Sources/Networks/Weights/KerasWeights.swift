import Compute

/// Keras HDF5 files (`model.save`, `save_weights`), renamed and transposed to PyTorch's ways.
///
/// `<layer>/…/kernel:0` becomes `<layer>.weight`: [h, w, in, out] → [out, in, h, w], for transposed
/// convolutions [h, w, out, in] → [in, out, h, w], for dense layers [in, out] → [out, in]. Batch norm's
/// gamma, beta, moving_mean, moving_variance become weight, bias, running_mean, running_var.
///
/// Keras 3 (`.weights.h5`, and the same inside `.keras`) keeps no layer's name but its kind and number:
/// `layers/conv2d_3/vars/0`.
enum KerasWeights {
  private static let names = [
    "kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var", "alpha": "weight",
  ]

  private static let kinds: [String: (kind: LayersInOrder.Kind, parts: [String])] = [
    "conv2d": (.convolution, ["kernel", "bias"]),
    "conv2d_transpose": (.transposedConvolution, ["kernel", "bias"]),
    "dense": (.dense, ["kernel", "bias"]),
    "batch_normalization": (.batchNorm, ["gamma", "beta", "moving_mean", "moving_variance"]),
  ]

  /// The member of a `.keras` archive that holds the weights.
  static let member = "model.weights.h5"

  static func decode(_ bytes: [UInt8]) throws -> Weights {
    let file = try HDF5File(bytes)
    var allowance = Allowance(file: bytes.count)
    var tensors: [String: Tensor] = [:]
    var numbered: [(kind: LayersInOrder.Kind, number: Int, name: String, part: String)] = []
    for (path, dataset) in file.datasets {
      var steps = path.split { $0 == "/" || $0 == "\\" }.map(String.init)
      if steps.first == "optimizer_weights" || steps.first == "optimizer" { continue }
      if steps.first == "model_weights" { steps.removeFirst() }
      guard steps.count > 1, var part = steps.last?.split(separator: ":").first.map(String.init)
      else { continue }
      var layer = steps[0]
      if steps.count > 2, steps[steps.count - 2] == "vars", let index = Int(part) {
        layer = steps[steps.count - 3]
        let (kind, number) = split(layer)
        if let known = kinds[kind], known.parts.indices.contains(index) {
          part = known.parts[index]
          numbered.append((known.kind, number, "\(layer).\(names[part]!)", names[part]!))
        }
      }
      let name = "\(layer).\(names[part] ?? part)"
      try allowance.take(4 * dataset.count)
      let tensor = Tensor(file.floats(dataset), shape: dataset.shape)
      guard tensors[name] == nil else {
        throw FileFault(
          "has two tensors for `\(name)`: a model within a model is not read",
          hint: "save the inner model by itself")
      }
      tensors[name] =
        switch (part, dataset.shape.count) {
        case ("kernel", 4): tensor.permuted([3, 2, 0, 1])
        case ("kernel", 2): tensor.permuted([1, 0])
        default: tensor
        }
    }
    guard !tensors.isEmpty else { throw FileFault("holds no weights of a Keras model") }
    var weights = Weights(tensors)
    if !numbered.isEmpty {
      weights.inOrder = LayersInOrder(
        layers: Dictionary(grouping: numbered, by: \.kind).mapValues { parts in
          Dictionary(grouping: parts, by: \.number).sorted { $0.key < $1.key }.map { _, parts in
            LayersInOrder.Layer(
              tensors: Dictionary(uniqueKeysWithValues: parts.map { ($0.part, tensors[$0.name]!) }))
          }
        })
    }
    return weights
  }

  /// `conv2d_3` is the fourth of its kind, `conv2d` the first.
  private static func split(_ layer: String) -> (kind: String, number: Int) {
    guard let end = layer.lastIndex(of: "_"), let number = Int(layer[end...].dropFirst()) else {
      return (layer, 0)
    }
    return (String(layer[..<end]), number)
  }
}
