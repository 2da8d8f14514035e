import Compute

/// DEFCoN: the number of emitters in a frame, as a density map whose sum is the count.
///
/// github.com/LEB-EPFL/DEFCoN. A segmentation network, then a counting network on its
/// result; sides are multiples of 4.
package struct DEFCoN: NetworkSystem {
  package static let name = "defcon"
  package static let source = "LEB-EPFL/DEFCoN"
  package static let purpose = "frame to emitter density, sum = count"

  package var task: NetworkTask { .map(peaks: nil) }

  /// Channels of the first layer, two or more; the others have multiples of it, or half.
  package var features = 16
  /// The share of values that each half's last layer but one drops in training.
  package var dropout: Float = 0.5
  package var scaling = InputScaling(.minMax)

  package init() {}

  package init(fitting weights: Weights) {
    let width = weights.nearest("conv_seg_1.weight")?.type.shape.first
    if let width, width > 0 { features = width }
  }

  package var bounds: [SettingBound] {
    [
      SettingBound("features", features, 2...1024),
      SettingBound("the share that dropout keeps", positive: Double(1 - dropout)),
    ]
  }

  package var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    // Keras' "same" for even sizes: the odd zero is added, or cut, at the end.
    let atEnd = Edges(top: 0, left: 0, bottom: 1, right: 1)
    let step = Kernel(3, stride: 2, padding: atEnd)
    func enlarge(_ x: Network.Value, _ name: String) -> Network.Value {
      net.transposedConvolution(x, name, step, to: features / 2, .relu)
    }
    var x = net.convolution(net.input, "conv_seg_1", 3, to: features, .relu)
    x = net.convolution(x, "conv_stride_1", step, to: features, .relu)
    x = net.convolution(x, "conv_seg_2", 3, to: 2 * features, .relu)
    x = net.convolution(x, "conv_stride_2", step, to: 2 * features, .relu)
    x = net.convolution(x, "conv_seg_3", 3, to: 4 * features, .relu)
    x = enlarge(enlarge(net.dropout(x, dropout), "deconv_seg_1"), "decon_seg_2")
    let segmentation = net.convolution(x, "seg", 1, to: 1, .sigmoid, bias: false)
    x = net.convolution(segmentation, "conv_1", 3, to: features, .relu)
    x = net.convolution(x, "conv_2", step, to: features, .relu)
    x = net.convolution(x, "conv_3", 3, to: 2 * features, .relu)
    x = net.convolution(x, "conv_4", step, to: 2 * features, .relu)
    x = net.convolution(x, "conv_5", 5, to: 4 * features, .relu)
    x = enlarge(enlarge(net.dropout(x, dropout), "deconv_1"), "deconv_2")
    net.output("density", net.convolution(x, "density", 1, to: 1, bias: false))
    net.output("segmentation", segmentation)
    return net
  }
}

extension DEFCoN: TrainableSystem {
  /// Batches of 32 frames of 64×64 px; two times 15 epochs of the authors, whose set has no stated
  /// size, as one training. They stop at the first epoch without a better loss; here no frame is seen
  /// twice, so that nothing is learned by heart.
  package var training: TrainingSettings {
    var training = TrainingSettings()
    training.rule = .adam(decay: 0)
    training.rate = 1e-3
    training.schedule = .constant
    training.clip = nil
    training.steps = 15_000
    training.validation.every = 500
    training.examples.height = 64
    training.examples.width = 64
    training.examples.length = 1
    training.examples.movies = 32
    training.examples.leastPhotons = 250
    return training
  }

  package var initialWeights: InitialWeights { .orthogonal }

  /// The authors' losses: the cross-entropy of the segmentation, whose targets are pixels with a
  /// density above 0.03, and, of the density, the squared differences summed over a frame and a
  /// hundredth of the squared difference of the counts.
  ///
  /// They train the segmentation first and then the density with the segmentation frozen. Here both
  /// learn at once, each from its own loss only.
  package func loss(
    _ results: [Graph.Value], _ examples: Examples, in graph: inout Graph
  ) throws -> [LossTerm] {
    let (density, segmentation) = (results[0], results[1])
    let truth = try examples.heatMap(finer: 1, sigma: 1, in: &graph)
    let threshold = graph.constant(Tensor([0.03], shape: [1, 1, 1, 1]))
    let mask = try graph.apply(Binary(.less), threshold, truth)
    let difference = try graph.apply(Binary(.subtract), density, truth)
    let off = try graph.apply(Reduce(.sum, axes: [1, 2, 3]), difference)
    func scaled(_ value: Graph.Value, by factor: Float) throws -> Graph.Value {
      try graph.apply(Elementwise(.affine(scale: factor, shift: 0)), value)
    }
    let pixels = Float(examples.settings.height * examples.settings.width)
    // The names of the segmentation's layers, and no others, have one of these words.
    let segments: @Sendable (String) -> Bool = { $0.contains("seg") || $0.contains("stride") }
    return [
      LossTerm(
        name: "segmentation", value: try graph.binaryCrossEntropy(segmentation, mask),
        teaches: segments),
      LossTerm(
        name: "pixels", value: try scaled(graph.meanSquare(difference), by: pixels),
        teaches: { !segments($0) }),
      LossTerm(
        name: "count", value: try scaled(graph.meanSquare(off), by: 0.01),
        teaches: { !segments($0) }),
    ]
  }
}
