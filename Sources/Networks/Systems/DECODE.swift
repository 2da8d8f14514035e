/// DECODE: probability, photons, position and their uncertainties for every pixel.
///
/// Speiser et al., Nature Methods 18, 1082 (2021). One U-Net sees each frame, a second the features of
/// three frames; four heads. Result channels: p, photons, x, y, z, their sigmas in the same order,
/// and the background, or in the paper's layout the emitters' light on the pixel; photons, z and
/// background in units of `results`, x and y in pixels.
public struct DECODE: NetworkSystem {
  public static let name = "decode"
  public static let source = "Speiser et al., Nature Methods 18:1082 (2021)"
  public static let purpose = "frames to a table of emitters with uncertainties"

  /// Which program the weights are from.
  public enum Layout: String, Codable, Hashable, Sendable {
    /// TuragaLab/DECODE.
    case authors
    /// The paper's figure, as in Li-Lab-SUSTech/LiteLoc: activations after every convolution, 3×3
    /// after enlarging, the enlarged features first.
    case paper
  }

  public var layout = Layout.authors
  public var frames = 3
  public var features = 48
  /// Photons to the network's input.
  public var scaling = InputScaling()
  /// Interpolate between pixels instead of repeating them; the weights do not tell.
  public var bilinear = false
  /// Of photons, x, y, z (0 to 3) those that a training left out: 0 with a sigma of 0.1, as its
  /// authors' program gives them; the weights do not tell.
  public var disabled: [Int] = []
  /// Smallest sigma.
  public var sigmaFloor: Float = 0.001
  /// What a result of 1 means; nil where neither weights nor user say.
  public var results: ResultScale?

  /// Factors of the results that have no unit of their own.
  public struct ResultScale: Codable, Hashable, Sendable {
    public var photons: Double
    /// nm.
    public var z: Double
    /// Photons per pixel; the paper's layout gives none.
    public var background: Double?

    public init(photons: Double, z: Double, background: Double? = nil) {
      self.photons = photons
      self.z = z
      self.background = background
    }
  }

  /// The published thresholds; the paper's layout has those of its program.
  public var task: NetworkTask {
    layout == .authors
      ? .emitters(candidates: 0.1, threshold: 0.5) : .emitters(candidates: 0.3, threshold: 0.99)
  }

  public var unit: InputUnit { layout == .authors ? .photons : .counts }

  /// Throws `NetworkError.settings` where nothing says what frames or results are scaled by.
  public func checkUnits() throws(NetworkError) {
    let isScaled = layout == .paper || results?.background != nil
    if results == nil || !isScaled {
      throw .unitless(system: Self.name, what: "what a result of 1 means")
    }
    if scaling == InputScaling() {
      throw .unitless(system: Self.name, what: "how frames are scaled")
    }
  }

  /// Whether the offset called x runs down the image: the authors' x is the first axis of their
  /// frames, as their targets are filled; the paper's program adds x to the column.
  public var xIsFirstAxis: Bool { layout == .authors }

  /// Photons that a last channel of 1 means: the paper's program trains it on the image of the
  /// emitters alone, ten times enlarged in units of the photons.
  public var lightScale: Double {
    let results = results ?? ResultScale(photons: 1, z: 1)
    return layout == .authors ? results.background ?? 1 : results.photons / 10
  }

  public init() {}

  public init(fitting weights: Weights) {
    func shape(_ suffix: String) -> [Int] {
      weights.tensors.first { $0.key.hasSuffix(suffix) }?.value.type.shape ?? []
    }
    let paper = shape("frame_module.layer_path.0.weight")
    layout = paper.isEmpty ? .authors : .paper
    let first = paper.isEmpty ? shape("unet_shared.encoder.0.0.weight") : paper
    let union = shape(
      paper.isEmpty ? "unet_union.encoder.0.0.weight" : "context_module.layer_path.0.weight")
    if let width = first.first, width > 0 {
      features = width
      frames = max(1, (union.dropFirst().first ?? 3 * width) / width)
    }
    if let floor = weights.tensors.first(where: { $0.key.hasSuffix("sigma_eps") }) {
      sigmaFloor = floor.value.floats.first ?? sigmaFloor
    }
    func number(_ suffix: String) -> Double? {
      let single = weights.tensors.first { $0.key.hasSuffix(suffix) && $0.value.type.count == 1 }
      return weights.numbers.first { $0.key.hasSuffix(suffix) }?.value ?? single?.value.values[0]
    }
    if layout == .paper, let offset = number("network.offset"),
      let factor = number("network.factor"), factor != 0
    {
      scaling = InputScaling(scale: Float(1 / factor), shift: Float(-offset / factor))
    }
  }

  public var bounds: [SettingBound] {
    [
      SettingBound("features", features, 1...1024),
      SettingBound("frames", frames, 1...15, isOdd: true),
    ]
      + disabled.map { SettingBound("a disabled attribute", $0, 0...3) }
      + (results.map { [("photons", $0.photons), ("z", $0.z), ("background", $0.background ?? 1)] }
      ?? []).map { SettingBound("results.\($0)", positive: $1) }
  }

  public var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    net.channelNames = [
      "p", "photons", "x", "y", "z", "sigma photons", "sigma x", "sigma y", "sigma z",
      layout == .authors ? "background" : "light",
    ]
    let authors = layout == .authors
    let elu = Activation.elu(1)
    let unet = authors ? authorsUNet : paperUNet
    let each = unet(&net, net.input, authors ? "unet_shared" : "frame_module.layer_path")
    let window = frames == 1 ? each : net.apply(.window(frames: frames), [each])
    let x = unet(&net, window, authors ? "unet_union" : "context_module.layer_path")

    func head(_ index: Int, _ name: String, to outputs: Int) -> Network.Value {
      let names =
        authors
        ? ("mt_heads.\(index).core.0", "mt_heads.\(index).out_conv")
        : ("out_module.\(name)_out1", "out_module.\(name)_out2")
      return net.convolution(
        net.convolution(x, names.0, 3, to: features, elu), names.1, 1, to: outputs)
    }
    let bound: Float = authors ? 8 : 16
    let p = net.activate(net.activate(head(0, "p", to: 1), .clamp(-bound, bound)), .sigmoid)
    // The authors put photons before x, y, z, the paper's program after them.
    func photonsFirst(_ value: Network.Value) -> (photons: Network.Value, xyz: Network.Value) {
      authors
        ? (net.slice(value, 0..<1), net.slice(value, 1..<4))
        : (net.slice(value, 3..<4), net.slice(value, 0..<3))
    }
    let mean = photonsFirst(head(1, "xyzi", to: 4))
    let sigma = net.activate(
      net.activate(head(2, "xyzis", to: 4), .sigmoid),
      .affine(scale: authors ? 3 : 1, shift: sigmaFloor))
    let sigmas = photonsFirst(sigma)
    let background = net.activate(head(3, "bg", to: 1), .sigmoid)
    let all = net.concat(
      p, net.activate(mean.photons, .sigmoid), net.activate(mean.xyz, .tanh), sigmas.photons,
      sigmas.xyz, background)
    net.output("emitters", disabled.isEmpty ? all : withoutDisabled(all, &net))
    return net
  }

  /// The ten channels, those of what the training left out constant.
  private func withoutDisabled(
    _ all: Network.Value, _ net: inout Network
  ) -> Network.Value {
    var channels: [Network.Value] = []
    for index in 0..<10 {
      let channel = net.slice(all, index..<index + 1)
      let constant: Float? =
        disabled.contains(index - 1) ? 0 : disabled.contains(index - 5) ? 0.1 : nil
      channels.append(
        constant.map { net.activate(channel, .affine(scale: 0, shift: $0)) } ?? channel)
    }
    return net.apply(.concat, channels)
  }

  private func authorsUNet(
    _ net: inout Network, _ input: Network.Value, _ name: String
  ) -> Network.Value {
    func block(_ x: Network.Value, _ part: String, _ width: Int) -> Network.Value {
      let y = net.convolution(x, "\(name).\(part).0", 3, to: width, .elu(1))
      return net.convolution(y, "\(name).\(part).2", 3, to: width, .elu(1))
    }
    var skips: [Network.Value] = []
    var x = input
    for level in 0..<2 {
      let width = features << level
      x = block(x, "encoder.\(level)", width)
      skips.append(x)
      x = net.convolution(x, "\(name).poolers.\(level)", .valid(2, stride: 2), to: width)
    }
    x = block(x, "base", features << 2)
    for level in 0..<2 {
      let width = features << (1 - level)
      let up = net.convolution(
        net.upsample(x, bilinear: bilinear), "\(name).upsamplers.\(level).conv", 1, to: width)
      x = block(net.concat(skips[1 - level], up), "decoder.\(level)", width)
    }
    return net.convolution(x, "\(name).out_conv", 1, to: features)
  }

  private func paperUNet(
    _ net: inout Network, _ input: Network.Value, _ name: String
  ) -> Network.Value {
    var index = 0
    func next(_ x: Network.Value, _ kernel: Kernel, _ width: Int) -> Network.Value {
      defer { index += 1 }
      return net.convolution(x, "\(name).\(index)", kernel, to: width, .elu(1))
    }
    var skips: [Network.Value] = []
    var x = next(next(input, .same(3), features), .same(3), features)
    for level in 0..<2 {
      skips.append(x)
      x = next(x, .valid(2, stride: 2), features << level)
      x = next(next(x, .same(3), features << (level + 1)), .same(3), features << (level + 1))
    }
    for level in 0..<2 {
      let width = features << (1 - level)
      // That program applies its activation once more to the enlarged features.
      x = net.activate(net.upsample(x), .elu(1))
      index += 1
      x = next(x, .same(3), width)
      x = next(net.concat(x, skips[1 - level]), .same(3), width)
      x = next(x, .same(3), width)
    }
    return x
  }
}
