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

extension SpeNet: TrainableSystem {
  /// MATLAB's defaults for stochastic gradient descent, batches of 128, but without its weak decay of
  /// weights. The authors' five epochs are of measured molecules with more than 2000 photons; there
  /// are as many simulated ones here, of stated spectra.
  package var training: TrainingSettings {
    var training = TrainingSettings()
    training.rule = .sgd(momentum: 0.9)
    training.rate = 0.01
    training.schedule = .constant
    training.clip = nil
    training.steps = 2000
    training.validation.every = 50
    training.examples.height = 7
    training.examples.width = 201
    training.examples.length = 1
    training.examples.movies = 128
    training.examples.photons = DrawnRange(2000, 8000, logarithmic: true)
    training.examples.psf = .gaussian(sigma: DrawnRange(0.9, 1.1))
    training.examples.background = DrawnRange(1, 10, logarithmic: true)
    training.examples.spectra = SpectrumSettings()
    return training
  }

  package var initialWeights: InitialWeights { .glorot }

  package func draw(
    _ settings: ExampleSettings, _ draws: inout Draws, in graph: inout Graph
  ) throws -> SpectralExamples {
    try SpectralExamples(settings, of: classes, &draws, in: &graph)
  }

  /// The cross-entropy of the dyes.
  package func loss(
    _ results: [Graph.Value], _ examples: SpectralExamples, in graph: inout Graph
  ) throws -> [LossTerm] {
    [
      LossTerm(
        name: "class", value: try graph.crossEntropy(results[0], examples.classes))
    ]
  }
}
