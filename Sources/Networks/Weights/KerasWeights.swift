import Compute
import Containers

/// Keras HDF5 files (`model.save`, `save_weights`), with names and layouts converted to PyTorch's.
///
/// `<layer>/…/kernel:0` becomes `<layer>.weight`: [h, w, in, out] → [out, in, h, w], for transposed
/// convolutions [h, w, out, in] → [in, out, h, w], for dense layers [in, out] → [out, in]. Batch
/// norm's gamma, beta, moving_mean, moving_variance become weight, bias, running_mean, running_var.
///
/// Keras 3 (`.weights.h5`, and the same inside `.keras`) does not keep a layer's name, only its
/// kind and number: `layers/conv2d_3/vars/0`.
enum KerasWeights {
  private static let names = [
    "kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var", "alpha": "weight",
  ]

  private static let kinds: [String: (kind: LayersInOrder.Kind, parts: [String])] = [
    "conv2d": (.convolution, ["kernel", "bias"]),
    "conv2d_transpose": (.transposedConvolution, ["kernel", "bias"]),
    "dense": (.dense, ["kernel", "bias"]),
    "p_re_lu": (.prelu, ["alpha"]),
    "batch_normalization": (.batchNorm, ["gamma", "beta", "moving_mean", "moving_variance"]),
  ]

  /// The member of a `.keras` archive with the weights.
  static let member = "model.weights.h5"

  static func decode(_ bytes: [UInt8]) throws -> Weights {
    let file = try HDF5File(bytes)
    var tensors: [String: Tensor] = [:]
    var numbered: [String: (place: Place, layer: LayersInOrder.Layer)] = [:]
    for (path, isDataset) in try file.paths() where isDataset {
      guard let place = Place(path), let dataset = try file.dataset(path), dataset.isNumeric,
        dataset.hasValue
      else { continue }
      let part = names[place.part] ?? place.part
      let name = "\(place.layer).\(part)"
      guard tensors[name] == nil else {
        throw FileFault(
          "has two tensors for `\(name)`; nested models are not supported",
          hint: "save the inner model alone")
      }
      let stored = Tensor(try dataset.floats(), shape: dataset.shape)
      let tensor =
        switch (place.part, dataset.shape.count) {
        case ("kernel", 4): stored.permuted([3, 2, 0, 1])
        case ("kernel", 2): stored.permuted([1, 0])
        // Slopes shared by rows and columns have axes of length 1 for these.
        case ("alpha", 3...) where dataset.shape.dropLast().allSatisfy({ $0 == 1 }):
          stored.reshaped([stored.type.count])
        default: stored
        }
      tensors[name] = tensor
      if place.kind != nil {
        numbered[place.layer, default: (place, .init(tensors: [:]))].layer.tensors[part] = tensor
      }
    }
    guard !tensors.isEmpty else { throw FileFault("holds no weights of a Keras model") }
    var weights = Weights(tensors)
    if !numbered.isEmpty {
      var order = LayersInOrder()
      for (place, layer) in numbered.values.sorted(by: { $0.place.number < $1.place.number }) {
        order.layers[place.kind!, default: []].append(layer)
      }
      weights.inOrder = order
    }
    return weights
  }

  /// The meaning of a dataset's path: its layer, the part of it, and for Keras 3 the layer's kind
  /// and number; nil if it does not belong to a layer.
  private struct Place {
    var layer: String
    var part: String
    var kind: LayersInOrder.Kind?
    /// `conv2d_3` is the fourth of its kind, `conv2d` the first.
    var number = 0

    init?(_ path: String) {
      var steps = path.split { $0 == "/" || $0 == "\\" }.map(String.init)
      if steps.first == "optimizer_weights" || steps.first == "optimizer" { return nil }
      if steps.first == "model_weights" { steps.removeFirst() }
      guard steps.count > 1, let last = steps.last?.split(separator: ":").first else { return nil }
      (layer, part) = (steps[0], String(last))
      guard steps.count > 2, steps[steps.count - 2] == "vars", let index = Int(part) else { return }
      layer = steps[steps.count - 3]
      var name = layer[...]
      if let end = layer.lastIndex(of: "_"), let number = Int(layer[end...].dropFirst()) {
        self.number = number
        name = layer[..<end]
      }
      guard let known = kinds[String(name)], known.parts.indices.contains(index) else { return }
      kind = known.kind
      part = known.parts[index]
    }
  }
}
