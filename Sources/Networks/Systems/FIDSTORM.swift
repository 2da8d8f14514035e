import Compute

/// FID-STORM: like Deep-STORM, but the frame is enlarged only at the end.
///
/// github.com/SRMLabHUST/FID-STORM. Its weights come as ONNX files, whose convolutions are matched
/// by order.
package struct FIDSTORM: NetworkSystem {
  package static let name = "fid-storm"
  package static let source = "SRMLabHUST/FID-STORM"
  package static let purpose = "frame to density map, 8× finer"

  /// An emitter is a Gaussian of σ 1 and sum 1, 0.16 high, lower if the network is less certain.
  /// The threshold is the best of ten on simulated movies of three densities
  /// (Tools/accuracy/threshold).
  package var task: NetworkTask {
    .map(
      peaks: EmitterReading(
        .maxima(radius: 2, threshold: 0.01),
        columns: ListColumn.ofMaxima(magnification: network.magnification)))
  }

  /// Layers of the trunk.
  package var depth = 5
  /// Slope of the activations in the trunk; 0 is ReLU.
  package var slope: Float = 0.01
  /// Channels of the trunk, a multiple of 4.
  package var features = 64
  package var scaling = InputScaling(.minMax)

  package init() {}

  package init(fitting weights: Weights) {
    if let graph = weights.graph {
      depth = max(graph.convolutions.count - 4, 1)
      slope = graph.opTypes.contains("Relu") ? 0 : 0.01
    } else {
      // At least one, so that another system's file gives an error with the tensor that is missing.
      let prefix = weights.prefix(of: "first.weight") ?? ""
      depth = (1...64).last { weights.tensors["\(prefix)trunk.\($0 - 1).weight"] != nil } ?? 1
      let width = weights.tensors["\(prefix)first.weight"]?.type.shape.first
      if let width, width > 0, width % 4 == 0 { features = width }
    }
  }

  package var bounds: [SettingBound] {
    [SettingBound("depth", depth, 1...64), SettingBound("features", features, 4...1024)]
  }

  package var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    let leaky = Activation.leakyReLU(0.01)
    let first = net.convolution(net.input, "first", 3, to: features, leaky, bias: false)
    var x = first
    for layer in 0..<depth {
      x = net.convolution(
        x, "trunk.\(layer)", 3, to: features, slope == 0 ? .relu : .leakyReLU(slope))
    }
    x = net.add(first, x)
    for (step, features) in [features / 2, features / 4, 1].enumerated() {
      x = net.convolution(
        net.upsample(x), "up\(step + 1)", 3, to: features, leaky, bias: false)
    }
    net.output("density", x)
    return net
  }
}

extension FIDSTORM: TrainableSystem {
  /// Batches of 16 patches; 30 times the 125 of the authors' set.
  package var training: TrainingSettings {
    var training = TrainingSettings()
    training.rule = .adam(decay: 0)
    training.rate = 1e-4
    training.schedule = .constant
    training.clip = nil
    training.steps = 3750
    training.validation.every = 125
    training.examples.length = 1
    training.examples.movies = 16
    training.examples.density = DrawnRange(0.2, 6)
    return training
  }

  /// The squared difference to an image with a Gaussian of σ 1 px and sum 1 at each emitter.
  package func loss(
    _ results: [Graph.Value], _ examples: Examples, in graph: inout Graph
  ) throws -> [LossTerm] {
    let target = try examples.heatMap(
      finer: network.magnification, sigma: 1, in: &graph)
    return [LossTerm(name: "image", value: try graph.meanSquaredError(results[0], target))]
  }
}
