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
  /// two of four voxels (their `upsampling_shift`).
  package var task: NetworkTask {
    .list(
      EmitterReading(
        .maxima(radius: 4, threshold: peak / 20),
        columns: ListColumn.ofMaxima(
          magnification: network.magnification, shift: 0.5,
          planes: (first: depth[0], step: (depth[1] - depth[0]) / Double(planes)))))
  }

  /// Axial planes.
  package var planes = 121
  /// z of the start of the first plane and the end of the last, nm.
  package var depth: [Double] = [0, 4000]
  /// Dilations of layers 2 to 6.
  package var dilations = [1, 2, 4, 8, 16]
  /// Value of a certain emitter in the result.
  package var peak: Float = 800
  package var scaling = InputScaling(scale: 1 / 250)

  package init() {}

  package init(fitting weights: Weights) {
    planes = weights.nearest("layer10.weight")?.type.shape.first ?? planes
  }

  package var bounds: [SettingBound] {
    [
      SettingBound("planes", planes, 1...1024), SettingBound("dilations", dilations.count, 0...16),
      SettingBound("numbers of depth", depth.count, 2...2),
      SettingBound("the range of depth", positive: (depth.last ?? 0) - (depth.first ?? 0)),
      SettingBound("peak", positive: Double(peak)),
    ]
      + dilations.map { SettingBound("a dilation", $0, 1...64) }
  }

  package var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    let features = 64
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
