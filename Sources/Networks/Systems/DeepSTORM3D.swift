import Compute
import Microscopy

/// DeepSTORM3D: dense 3D localization by a volume of emitter scores.
///
/// Nehme et al., Nature Methods 17, 734 (2020). Frame → planes × 4 height × 4 width; a block is
/// convolution, leaky ReLU, batch norm, in this order.
package struct DeepSTORM3D: NetworkSystem {
  package static let name = "deepstorm3d"
  package static let source = "Nehme et al., Nature Methods 17:734 (2020)"
  package static let purpose = "frame to volume, 4× finer laterally"

  /// The threshold is a twentieth of a certain emitter's value, as in the authors' second demo.
  ///
  /// In their volumes an emitter at the centre of a pixel is in that pixel's first voxel; they
  /// shift positions by two of four voxels (their `upsampling_shift`).
  package var task: NetworkTask {
    .list(
      EmitterReading(
        .maxima(radius: 4, threshold: peak / 20),
        columns: ListColumn.ofMaxima(
          magnification: Self.magnification, shift: Self.shift,
          planes: (first: depth[0], step: (depth[1] - depth[0]) / Double(planes)))))
  }

  private static let magnification = 4
  /// From the frame's edge to the first voxel, px.
  private static let shift = 0.5

  /// Axial planes.
  package var planes = 121
  /// z of the start of the first plane and the end of the last, nm.
  package var depth: [Double] = [0, 4000]
  /// Channels of the layers before those with a channel for each plane.
  package var features = 64
  /// Dilations of layers 2 to 6.
  package var dilations = [1, 2, 4, 8, 16]
  /// Value of a certain emitter in the result.
  package var peak: Float = 800
  package var scaling = InputScaling(scale: 1 / 250)

  package init() {}

  package init(fitting weights: Weights) {
    planes = weights.nearest("layer10.weight")?.type.shape.first ?? planes
    let width = weights.nearest("layer1.conv.weight")?.type.shape.first
    if let width, width > 0 { features = width }
  }

  package var bounds: [SettingBound] {
    [
      SettingBound("planes", planes, 1...1024),
      SettingBound("features", features, 1...1024),
      SettingBound("dilations", dilations.count, 0...16),
      SettingBound("numbers of depth", depth.count, 2...2),
      SettingBound("the range of depth", positive: (depth.last ?? 0) - (depth.first ?? 0)),
      SettingBound("peak", positive: Double(peak)),
    ]
      + dilations.map { SettingBound("a dilation", $0, 1...64) }
  }

  package var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    func block(_ x: Network.Value, _ name: String, to outputs: Int, dilation: Int = 1)
      -> Network.Value
    {
      let y = net.convolution(
        x, "\(name).conv", 3, to: outputs, .leakyReLU(0.2), dilation: dilation)
      return net.batchNorm(y, "\(name).bn")
    }
    let frame = net.batchNorm(net.input, "norm")
    var x = block(frame, "layer1", to: features)
    for (index, dilation) in dilations.enumerated() {
      x = net.add(
        block(net.concat(x, frame), "layer\(index + 2)", to: features, dilation: dilation), x)
    }
    x = block(net.upsample(net.concat(x, frame)), "deconv1", to: features)
    x = block(net.upsample(x), "deconv2", to: features)
    x = block(x, "layer7", to: planes)
    x = net.add(block(x, "layer8", to: planes), x)
    x = net.add(block(x, "layer9", to: planes), x)
    x = net.convolution(x, "layer10", 1, to: planes, .clamp(0, peak))
    net.output("volume", x)
    return net
  }
}

extension DeepSTORM3D: TrainableSystem {
  /// Batches of four frames of 121×121 px; 50 times 9000 frames. As in the authors' second demo, but
  /// for the PSF: an astigmatic one takes the place of their tetrapod, in the middle of the depths.
  package var training: TrainingSettings {
    var training = TrainingSettings()
    training.rule = .adam(decay: 0)
    training.rate = 5e-4
    training.schedule = .plateau(factor: 0.1, patience: 6, least: 0.002)
    training.clip = nil
    training.steps = 50 * 2250
    training.patience = 7
    training.validation.every = 2250
    training.validation.batches = 250
    training.examples.height = 121
    training.examples.width = 121
    training.examples.length = 1
    training.examples.movies = 4
    training.examples.pixelSize = 110
    training.examples.density = DrawnRange(0.006, 0.2)
    training.examples.wholeFrames = 1
    training.examples.photons = DrawnRange(8000)
    training.examples.spread = DrawnRange(0.6)
    training.examples.leastPhotons = 6000
    training.examples.background = DrawnRange(20, 40)
    training.examples.readVariance = DrawnRange(64, 144)
    let middle = (depth[0] + depth[1]) / 2
    let half = min(600, (depth[1] - depth[0]) / 2)
    func curve(_ focus: Double) -> WidthCurve {
      .defocus(width: 1.2, focus: middle + focus * half, depth: 0.8 * half, terms: [])
    }
    training.examples.psf = .astigmatic(
      AstigmaticPSF(x: curve(-0.4), y: curve(0.4), zRange: middle - half...middle + half))
    return training
  }

  package var initialWeights: InitialWeights { .uniform }

  /// The authors' loss: the squared difference of blurred volumes, and how little the result
  /// overlaps with the voxels that have an emitter.
  package func loss(
    _ results: [Graph.Value], _ examples: Examples, in graph: inout Graph
  ) throws -> [LossTerm] {
    let truth = try examples.volume(
      VoxelGrid(
        finer: Self.magnification, planes: planes, depth: depth[0]...depth[1],
        start: Self.shift - 0.5), in: &graph)
    let score = try graph.apply(
      Elementwise(.affine(scale: 1 / peak, shift: 0)), results[0])
    // Blurring is linear, so the difference is blurred instead of both.
    let blurred = try graph.blurredVolume(
      graph.apply(Binary(.subtract), score, truth), sigma: 1, side: 7)
    let image = try graph.meanSquare(blurred)
    return [
      LossTerm(
        name: "image",
        value: try graph.apply(Elementwise(.affine(scale: peak * peak, shift: 0)), image)),
      LossTerm(name: "overlap", value: try graph.lackOfOverlap(score, truth)),
    ]
  }
}
