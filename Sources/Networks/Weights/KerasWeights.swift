import Compute

/// Keras HDF5 files (`model.save`, `save_weights`), renamed and transposed to PyTorch's ways.
///
/// `<layer>/…/kernel:0` becomes `<layer>.weight`: [h, w, in, out] → [out, in, h, w], for transposed
/// convolutions [h, w, out, in] → [in, out, h, w], for dense layers [in, out] → [out, in]. Batch norm's
/// gamma, beta, moving_mean, moving_variance become weight, bias, running_mean, running_var.
enum KerasWeights {
  private static let names = [
    "kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var", "alpha": "weight",
  ]

  static func decode(_ bytes: [UInt8]) throws -> Weights {
    let file = try HDF5File(bytes)
    var tensors: [String: Tensor] = [:]
    for (path, dataset) in file.datasets {
      var steps = path.split(separator: "/").map(String.init)
      if steps.first == "optimizer_weights" { continue }
      if steps.first == "model_weights" { steps.removeFirst() }
      guard steps.count > 1, let last = steps.last?.split(separator: ":").first.map(String.init)
      else { continue }
      let name = "\(steps[0]).\(names[last] ?? last)"
      let tensor = Tensor(file.floats(dataset), shape: dataset.shape)
      guard tensors[name] == nil else {
        throw FileFault("has two tensors for `\(name)`: a model within a model is not read")
      }
      tensors[name] =
        switch (last, dataset.shape.count) {
        case ("kernel", 4): tensor.permuted([3, 2, 0, 1])
        case ("kernel", 2): tensor.permuted([1, 0])
        default: tensor
        }
    }
    guard !tensors.isEmpty else { throw FileFault("holds no weights of a Keras model") }
    return Weights(tensors)
  }
}
