import Compute

/// Deep-STORM: a density map that is eight times finer than the frame.
///
/// Nehme et al., Optica 5, 458 (2018). The frame is enlarged by repetition, then processed by an
/// encoder and a decoder of blocks (convolution without bias, batch norm, ReLU) without skip
/// connections.
package struct DeepSTORM: NetworkSystem {
  package static let name = "deep-storm"
  package static let source = "Nehme et al., Optica 5:458 (2018)"
  package static let purpose = "frame to density map, 8× finer"

  /// The threshold is a tenth of an emitter's value in training, as in the authors' notebook.
  package var task: NetworkTask {
    .map(
      peaks: EmitterReading(
        .maxima(radius: 2, threshold: 10),
        columns: ListColumn.ofMaxima(magnification: network.magnification)))
  }

  package var magnification = 8
  /// Channels of the first block; the others have multiples of it.
  package var features = 32
  /// Min–max, then the training set's mean and deviation, here of the authors' first demo.
  package var scaling = InputScaling.standardised(.minMax, mean: 0.19607912, deviation: 0.17763713)

  package init() {}

  package init(fitting weights: Weights) {
    let shape = weights.nearest("conv-CNNF1.weight")?.type.shape
    if let width = shape?.first, width > 0 { features = width }
  }

  package var bounds: [SettingBound] {
    [
      SettingBound("magnification", magnification, 1...32),
      SettingBound("features", features, 1...1024),
    ]
  }

  package var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    func block(_ x: Network.Value, _ name: String, to outputs: Int) -> Network.Value {
      let y = net.convolution(x, "conv-CNN\(name)", 3, to: outputs, bias: false)
      return net.activate(net.batchNorm(y, "BN-CNN\(name)", epsilon: 1e-3), .relu)
    }
    var x = net.upsample(net.input, magnification)
    for (name, factor) in [("F1", 1), ("F2", 2), ("F3", 4)] {
      x = net.maxPool(block(x, name, to: factor * features))
    }
    x = block(x, "F4", to: 16 * features)
    for (name, factor) in [("F5", 4), ("F6", 2), ("F7", 1)] {
      x = block(net.upsample(x), name, to: factor * features)
    }
    net.output("density", net.convolution(x, "Prediction", 1, to: 1, bias: false))
    return net
  }
}

extension DeepSTORM: TrainableSystem {
  /// Patches of 26×26 px with at least a few emitters; 100 times 400 steps.
  package var training: TrainingSettings {
    var training = TrainingSettings()
    training.rule = .adam(decay: 0)
    training.rate = 1e-3
    training.schedule = .plateau(factor: 0.1, patience: 5, least: 0.05)
    training.clip = nil
    training.steps = 40_000
    training.validation.every = 400
    training.examples.height = 26
    training.examples.width = 26
    training.examples.length = 1
    training.examples.movies = 16
    training.examples.density = DrawnRange(1, 8)
    return training
  }

  package var initialWeights: InitialWeights { .orthogonal }

  /// The authors' loss: the squared difference of blurred images, and the mean of the result's size,
  /// which keeps it sparse. A target is a Gaussian at the emitter's place, where the authors round to
  /// the nearest pixel first.
  package func loss(
    _ results: [Graph.Value], _ examples: Examples, in graph: inout Graph
  ) throws -> [LossTerm] {
    let target = try graph.apply(
      Elementwise(.affine(scale: 100, shift: 0)),
      examples.heatMap(finer: magnification, sigma: 1, in: &graph))
    let blurred = try graph.blurred(results[0], sigma: 1, side: 7, sum: 2)
    return [
      LossTerm(name: "image", value: try graph.meanSquaredError(blurred, target)),
      LossTerm(name: "sparsity", value: try graph.meanAbsolute(results[0])),
    ]
  }
}
