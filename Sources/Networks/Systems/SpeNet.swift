import Compute

/// SpeNet: identifies the dye of an emitter by its spectrum.
///
/// github.com/FOIL-NU/SpeNet. A spectral image of 7 × 201 pixels → probabilities of AF647, CF660C,
/// CF680.
package struct SpeNet: NetworkSystem {
  package static let name = "spenet"
  package static let source = "FOIL-NU/SpeNet"
  package static let purpose = "spectrum 7×201 to dye"

  package var task: NetworkTask { .crop(classes: classes) }

  package var inputSize: (height: Int, width: Int)? { (7, 201) }

  package var classes = ["AF647", "CF660C", "CF680"]
  package var scaling = InputScaling(.maximum, shift: -0.6562788)

  package init() {}

  package init(fitting weights: Weights) {
    if let mean = weights.tensors["input.mean"]?.floats.first { scaling.shift = -mean }
  }

  /// From arrays in MATLAB's order: convolutions [h, w, in, out], the dense layer [h, w, in, out].
  package static func adopt(_ weights: Weights) -> Weights {
    guard weights.tensors["batchnorm_1.scale"] != nil else { return weights }
    var result = weights
    let norm = [
      "scale": "weight", "offset": "bias", "mean": "running_mean", "var": "running_var",
    ]
    for (name, tensor) in weights.tensors {
      let parts = name.split(separator: ".").map(String.init)
      guard parts.count == 2 else { continue }
      if parts[0].hasPrefix("batchnorm"), let part = norm[parts[1]] {
        result.tensors[name] = nil
        result.tensors["\(parts[0]).\(part)"] = tensor
      } else if parts[0].hasPrefix("conv"), tensor.type.shape.count == 4 {
        result.tensors[name] = tensor.permuted([3, 2, 0, 1])
      } else if name == "fc.weight", tensor.type.shape.count == 4 {
        let shape = tensor.type.shape
        result.tensors[name] = tensor.permuted([3, 2, 0, 1])
          .reshaped([shape[3], shape[2] * shape[0] * shape[1]])
      }
    }
    return result
  }

  package var bounds: [SettingBound] { [SettingBound("classes", classes.count, 1...256)] }

  package var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    func block(_ x: Network.Value, _ layer: Int, _ size: Int) -> Network.Value {
      let y = net.convolution(x, "conv_\(layer)", size, to: 8)
      return net.activate(net.batchNorm(y, "batchnorm_\(layer)"), .relu)
    }
    let x = block(net.maxPool(block(net.input, 1, 5), 3), 2, 3)
    let scores = net.dense(x, "fc", to: classes.count, of: (height: 3, width: 100))
    net.output("probabilities", net.softmax(scores))
    net.channelNames = classes
    return net
  }
}
