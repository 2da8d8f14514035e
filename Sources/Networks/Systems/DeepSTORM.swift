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
  /// Min–max, then the training set's mean and deviation, here of the authors' first demo.
  package var scaling = InputScaling.standardised(.minMax, mean: 0.19607912, deviation: 0.17763713)

  package init() {}

  package var bounds: [SettingBound] { [SettingBound("magnification", magnification, 1...32)] }

  package var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    func block(_ x: Network.Value, _ name: String, to outputs: Int) -> Network.Value {
      let y = net.convolution(x, "conv-CNN\(name)", 3, to: outputs, bias: false)
      return net.activate(net.batchNorm(y, "BN-CNN\(name)", epsilon: 1e-3), .relu)
    }
    var x = net.upsample(net.input, magnification)
    for (name, features) in [("F1", 32), ("F2", 64), ("F3", 128)] {
      x = net.maxPool(block(x, name, to: features))
    }
    x = block(x, "F4", to: 512)
    for (name, features) in [("F5", 128), ("F6", 64), ("F7", 32)] {
      x = block(net.upsample(x), name, to: features)
    }
    net.output("density", net.convolution(x, "Prediction", 1, to: 1, bias: false))
    return net
  }
}
