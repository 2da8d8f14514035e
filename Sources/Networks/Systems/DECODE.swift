import Compute
import Microscopy

/// DECODE: probability, photons, position and their uncertainties for every pixel.
///
/// Speiser et al., Nature Methods 18, 1082 (2021). One U-Net processes each frame, a second the
/// features of three frames; then there are four heads. Result channels: p, photons, x, y, z, their
/// sigmas in the same order, and the background (in the paper's layout the emitters' light on the
/// pixel). Photons, z and background are in units of `results`, x and y in pixels.
package struct DECODE: NetworkSystem {
  package static let name = "decode"
  package static let source = "Speiser et al., Nature Methods 18:1082 (2021)"
  package static let purpose = "frames to a table of emitters with uncertainties"

  /// The program that the weights come from.
  package enum Layout: String, Codable, Hashable, Sendable {
    /// TuragaLab/DECODE.
    case authors
    /// The figure of the paper, as in Li-Lab-SUSTech/LiteLoc: an activation after every
    /// convolution, 3×3 after enlarging, the enlarged features first in concatenations.
    case paper
  }

  package var layout = Layout.authors
  package var frames = 3
  package var features = 48
  /// Scaling from photons to the network's input.
  package var scaling = InputScaling()
  /// Interpolate instead of repeating pixels; the weights do not show which.
  package var bilinear = false
  /// Those of photons, x, y, z (0 to 3) that training left out; they get 0 with a sigma of 0.1, as
  /// in the authors' program. The weights do not show which.
  package var disabled: [Int] = []
  /// Whether frames are photoelectrons that the network itself puts into units of their noise, so
  /// that it can be trained for movies of all kinds. Not part of the published network.
  package var stabilised = false
  /// Smallest sigma.
  package var sigmaFloor: Float = 0.001
  /// The unit of results; nil if neither weights nor the user state it.
  package var results: ResultScale?

  /// Scale factors of the results.
  package struct ResultScale: Codable, Hashable, Sendable {
    package var photons: Double
    /// nm for a result of 1.
    package var z: Double
    /// Photons per pixel for a result of 1; the paper's layout gives no background.
    package var background: Double?

    package init(photons: Double, z: Double, background: Double? = nil) {
      self.photons = photons
      self.z = z
      self.background = background
    }
  }

  /// With the published thresholds; the paper's layout uses those of its program.
  package var task: NetworkTask {
    .list(
      EmitterReading(
        layout == .authors
          ? .probabilities(candidates: 0.1, threshold: 0.5)
          : .probabilities(candidates: 0.3, threshold: 0.99),
        columns: columns))
  }

  /// A row has the collected probability and the result's channels; positions are relative to the
  /// pixel's centre.
  private var columns: [ListColumn] {
    let scale = results ?? ResultScale(photons: 1, z: 1)
    // The authors' x is the first axis of their frames, as in their targets: it points down the
    // image. The paper's program adds x to the column.
    let (x, y) = layout == .authors ? (4, 3) : (3, 4)
    // The last channel of the paper's program is trained on ten times the image of the emitters
    // alone, in units of the photons.
    let (light, lightScale) =
      layout == .authors
      ? (Quantity.background, scale.background ?? 1)
      : (Quantity("pixel_photons", .photonPerPixel), scale.photons / 10)
    let columns = [
      ListColumn(.x, number: x) { $0.x + $1.x }, ListColumn(.y, number: y) { $0.y + $1.y },
      ListColumn(.z, number: 5, scale.z), ListColumn(.photons, number: 2, scale.photons),
      ListColumn(light, number: 10, lightScale), ListColumn(.xError, number: x + 4),
      ListColumn(.yError, number: y + 4), ListColumn(.zError, number: 9, scale.z),
      ListColumn(.photonsError, number: 6, scale.photons), ListColumn(.probability, number: 0),
    ]
    // What training left out is not known.
    let unknown: [Int: [Quantity]] = [0: [.photons, .photonsError], 3: [.z, .zError]]
    let missing = disabled.flatMap { unknown[$0] ?? [] }
    return columns.filter { !missing.contains($0.quantity) }
  }

  package var unit: InputUnit {
    stabilised ? .effectiveCounts : layout == .authors ? .photons : .counts
  }

  package func seeing(_ noise: FrameNoise) -> DECODE {
    guard stabilised, var scale = results else { return self }
    var system = self
    scale.photons *= noise.photons
    // The network states the background in units of four times the level.
    scale.background = 4 * noise.level * noise.photons
    system.results = scale
    return system
  }

  package var background: (channel: Int, photons: Double)? {
    layout == .authors ? results?.background.map { (9, $0) } : nil
  }

  /// Throws `NetworkError.unitless` if the scaling of frames or results is not known.
  package func checkReadiness() throws(NetworkError) {
    let isScaled = stabilised || layout == .paper || results?.background != nil
    if results == nil || !isScaled {
      throw .unitless(system: Self.name, what: "what a result of 1 means")
    }
    if scaling == InputScaling(), !stabilised {
      throw .unitless(system: Self.name, what: "how frames are scaled")
    }
  }

  package init() {}

  package init(fitting weights: Weights) {
    func shape(_ name: String) -> [Int] { weights.nearest(name)?.type.shape ?? [] }
    let paper = shape("frame_module.layer_path.0.weight")
    layout = paper.isEmpty ? .authors : .paper
    let first = paper.isEmpty ? shape("unet_shared.encoder.0.0.weight") : paper
    let union = shape(
      paper.isEmpty ? "unet_union.encoder.0.0.weight" : "context_module.layer_path.0.weight")
    if let width = first.first, width > 0 {
      features = width
      frames = max(1, (union.dropFirst().first ?? 3 * width) / width)
    }
    stabilised = weights.nearest("stabilise.level") != nil
    sigmaFloor = weights.nearest("sigma_eps")?.floats.first ?? sigmaFloor
    if layout == .paper, let offset = weights.number("network.offset"),
      let factor = weights.number("network.factor"), factor != 0
    {
      scaling = InputScaling(scale: Float(1 / factor), shift: Float(-offset / factor))
    }
  }

  package var bounds: [SettingBound] {
    [
      SettingBound("features", features, 1...1024),
      SettingBound("frames", frames, 1...15, isOdd: true),
    ]
      + disabled.map { SettingBound("a disabled attribute", $0, 0...3) }
      + (results.map { [("photons", $0.photons), ("z", $0.z), ("background", $0.background ?? 1)] }
      ?? []).map { SettingBound("results.\($0)", positive: $1) }
  }

  package var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    net.channelNames = [
      "p", "photons", "x", "y", "z", "sigma photons", "sigma x", "sigma y", "sigma z",
      layout == .authors ? "background" : "light",
    ]
    let authors = layout == .authors
    let elu = Activation.elu(1)
    let unet = authors ? authorsUNet : paperUNet
    let input = stabilised ? net.stabilise(net.input, "stabilise") : net.input
    let each = unet(&net, input, authors ? "unet_shared" : "frame_module.layer_path")
    let window = frames == 1 ? each : net.window(each, frames: frames)
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
    let mean = head(1, "xyzi", to: 4)
    let sigma = net.activate(
      net.activate(head(2, "xyzis", to: 4), .sigmoid),
      .affine(scale: authors ? 3 : 1, shift: sigmaFloor))
    let background = net.activate(head(3, "bg", to: 1), .sigmoid)
    // The authors' order is photons, x, y, z; that of the paper's program is x, y, z, photons.
    let (photons, first) = authors ? (0, 1) : (3, 0)
    let light = net.activate(net.slice(mean, photons..<photons + 1), .sigmoid)
    let place = net.activate(net.slice(mean, first..<first + 3), .tanh)
    net.output(
      "emitters",
      arranged(
        [(p, 1, 0), (light, 1, 0)] + (0..<3).map { (place, 3, $0) } + [(sigma, 4, photons)]
          + (0..<3).map { (sigma, 4, first + $0) } + [(background, 1, 0)], &net))
    return net
  }

  /// The ten channels, each one of the `count` channels of a value, as one value, with constants for
  /// those that training left out.
  private func arranged(
    _ channels: [(value: Network.Value, count: Int, channel: Int)], _ net: inout Network
  ) -> Network.Value {
    var parts: [Network.Value] = []
    var run: (value: Network.Value, count: Int, channels: Range<Int>)?
    func finish() {
      if let run {
        let isWhole = run.channels.count == run.count
        parts.append(isWhole ? run.value : net.slice(run.value, run.channels))
      }
      run = nil
    }
    for (index, (value, count, channel)) in channels.enumerated() {
      let constant: Float? =
        disabled.contains(index - 1) ? 0 : disabled.contains(index - 5) ? 0.1 : nil
      if let constant {
        finish()
        parts.append(net.activate(channels[0].value, .affine(scale: 0, shift: constant)))
      } else if let current = run, current.value == value, current.channels.upperBound == channel {
        run = (value, count, current.channels.lowerBound..<channel + 1)
      } else {
        finish()
        run = (value, count, channel..<channel + 1)
      }
    }
    finish()
    return net.concat(parts)
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
      // That program applies its activation a second time, to the enlarged features.
      x = net.activate(net.upsample(x), .elu(1))
      index += 1
      x = next(x, .same(3), width)
      x = next(net.concat(x, skips[1 - level]), .same(3), width)
      x = next(x, .same(3), width)
    }
    return x
  }
}

extension DECODE: TrainableSystem {
  package var training: TrainingSettings { TrainingSettings() }

  /// Few pixels have an emitter.
  package var initialBiases: [String: Float] {
    [layout == .authors ? "mt_heads.0.out_conv.bias" : "out_module.p_out2.bias": -6]
  }

  /// The authors' loss, the mean over frames of three parts: the number of emitters, their places
  /// under the mixture, and the background.
  ///
  /// Their count term has the number of emitters as a factor, so that a frame without any teaches
  /// nothing. Such a frame gets −Σ ln(1 − p) here, the likelihood that no pixel has one.
  package func loss(
    _ results: [Graph.Value], _ examples: Examples, in graph: inout Graph
  ) throws -> [LossTerm] {
    let (result, scale) = (results[0], self.results ?? ResultScale(photons: 1, z: 1))
    let frames = examples.settings.frames
    func with(_ kind: Binary.Kind, _ a: Graph.Value, _ b: Graph.Value) throws -> Graph.Value {
      try graph.apply(Binary(kind), a, b)
    }
    func chain(_ value: Graph.Value, _ steps: ElementwiseStep...) throws -> Graph.Value {
      try graph.apply(Elementwise(steps), value)
    }
    func perFrame(_ value: Graph.Value) throws -> Graph.Value {
      try graph.reshaped(graph.apply(Reduce(.sum, axes: [1, 2, 3]), value), to: [frames])
    }
    func mean(_ value: Graph.Value) throws -> Graph.Value {
      try graph.reshaped(graph.apply(Reduce(.mean, axes: [0]), value), to: [1])
    }

    let p = try graph.apply(SelectChannels(0..<1), result)
    let rest = try chain(p, .affine(scale: -1, shift: 1))
    let (expected, variance) = (try perFrame(p), try perFrame(with(.multiply, p, rest)))
    let zero = graph.constant(Tensor([0.0], shape: [1]))
    let targets = try examples.presence(in: &graph)
    let number = try graph.reshaped(graph.apply(Reduce(.sum, axes: [1]), targets), to: [frames])

    // N [(N − m)² / 2v + ½ ln 2πv], where m and v are mean and variance of the number of emitters.
    let off = try chain(with(.subtract, number, expected), .square)
    let surprise = try with(
      .add, chain(with(.divide, off, variance), .affine(scale: 0.5, shift: 0)),
      chain(variance, .affine(scale: 2 * .pi, shift: 0), .log, .affine(scale: 0.5, shift: 0)))
    let none = try with(.equal, number, zero)
    let empty = try perFrame(chain(rest, .log, .affine(scale: -1, shift: 0)))
    let count = try with(
      .add, with(.multiply, number, surprise), with(.multiply, none, empty))

    let (first, second) =
      layout == .authors ? (examples.y, examples.x) : (examples.x, examples.y)
    let height = try chain(examples.z, .affine(scale: Float(1 / scale.z), shift: 0))
    let likelihood = try graph.apply(
      EmitterLikelihood(downFirst: layout == .authors), result,
      chain(examples.photons, .affine(scale: Float(1 / scale.photons), shift: 0)),
      graph.apply(Concat(), first, second, height))
    let all = try graph.reshaped(
      graph.apply(Reduce(.sum, axes: [1]), likelihood), to: [frames])
    let place = try with(
      .subtract, with(.multiply, number, chain(expected, .log)), all)

    let truth =
      try stabilised
      ? chain(
        with(.divide, examples.background, examples.level), .affine(scale: 0.25, shift: 0))
      : chain(examples.background, .affine(scale: Float(1 / (scale.background ?? 1)), shift: 0))
    let difference = try with(
      .subtract, graph.apply(SelectChannels(9..<10), result), truth)
    let background = try perFrame(chain(difference, .square))
    return [
      LossTerm(name: "count", value: try mean(count)),
      LossTerm(name: "places", value: try mean(place)),
      LossTerm(name: "background", value: try mean(background)),
    ]
  }
}
