import Foundation
import TestConditions
import TestSupport
import Testing

@testable import Compute
@testable import Networks

/// Checks what every layer states about itself.
@Suite struct LayerTests {
  private func frames(_ sample: LayerSample) -> Reference {
    .random([sample.batch, sample.height, sample.width, sample.channels], -2...2, seed: 7)
  }

  private func graph(_ network: Network, _ sample: LayerSample) throws -> Graph {
    try network.graph(
      network.randomWeights(seed: 3), batch: sample.batch, height: sample.height,
      width: sample.width)
  }

  /// Fails if a layer in the folder has no sample.
  @Test func everyLayerHasASample() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Networks/Layers").standardized
    let sampled = Set(
      LayerSample.all.flatMap { $0.network().nodes.map { "\(type(of: $0.layer))" } })
    var layers: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      for match in text.matches(of: /(?:struct|extension) (\w+): \w*Layer\b/) {
        layers.insert(String(match.output.1))
      }
    }
    #expect(layers.count > 12 && layers == sampled)
  }

  /// The lowered graph, the exported model and the definitions of ONNX's operators agree.
  @Test(arguments: LayerSample.all) func theGraphIsTheExport(_ sample: LayerSample) throws {
    let network = sample.network()
    let weights = network.randomWeights(seed: 3)
    let x = frames(sample)
    let pixels = sample.height * sample.width
    let exported = try ONNXReference(try network.onnx(weights)).run(
      .init(
        [sample.batch, sample.channels, sample.height, sample.width],
        channelsFirst(x.values.map { Float($0) }, channels: sample.channels, pixels: pixels)
          .map { Double($0) }))
    let expected = try #require(exported["y"])
    let graph = try graph(network, sample)
    let input = Reference(x.tensor)
    let reference = try #require(graph.evaluate(["frames": input])["y"])
    let channels = network.channels(of: network.outputs[0].value)
    #expect(expected.shape[1] == channels && reference.type.channels == channels)
    #expect(
      [expected.shape[0]] + expected.shape.dropFirst(2) == Array(reference.type.shape.dropLast()))
    let results = expected.shape.dropFirst(2).reduce(1, *)
    func difference(_ values: [Double]) -> Double {
      let own = channelsFirst(values.map { Float($0) }, channels: channels, pixels: results)
      return relativeError(own, expected.values.map { Float($0) })
    }
    #expect(difference(reference.values) < 1e-6)
    let read = try run(graph, input.values.map { Float($0) })
    #expect(difference(try read("y").map { Double($0) }) < 1e-5)
    #expect((expected.values.max() ?? 0) > (expected.values.min() ?? 0))
  }

  @Test(.python("numpy", "onnxruntime"), arguments: LayerSample.all)
  func onnxRuntimeAgrees(_ sample: LayerSample) throws {
    try withTemporaryFolder { folder in
      let network = sample.network()
      let pixels = sample.height * sample.width
      let x = channelsFirst(
        frames(sample).values.map { Float($0) }, channels: sample.channels, pixels: pixels)
      try Data(network.onnx(network.randomWeights(seed: 3))).write(
        to: folder.appendingPathComponent("model.onnx"))
      try x.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent("x.bin"))
      let script = """
        import numpy, onnxruntime
        shape = (\(sample.batch), \(sample.channels), \(sample.height), \(sample.width))
        x = numpy.fromfile('x.bin', 'f4').reshape(shape)
        session = onnxruntime.InferenceSession('model.onnx', providers=['CPUExecutionProvider'])
        y = session.run(None, {'frames': x})[0]
        y.astype('f4').tofile('y.bin'); print(*y.shape)
        """
      let output = try Python.run(script, in: folder)
      let shape = output.split { $0 == " " || $0 == "\n" }.compactMap { Int($0) }
      let expected = try Data(contentsOf: folder.appendingPathComponent("y.bin"))
        .withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      let read = try run(graph(network, sample), frames(sample).values.map { Float($0) })
      let own = channelsFirst(
        try read("y"), channels: shape[1], pixels: shape.dropFirst(2).reduce(1, *))
      #expect(relativeError(own, expected) < 1e-5)
    }
  }

  /// Sizes and costs agree with those of the graph.
  @Test(arguments: LayerSample.all) func sizesAndCostsAreThoseOfTheGraph(
    _ sample: LayerSample
  ) throws {
    let network = sample.network()
    let graph = try graph(network, sample)
    let type = try #require(graph.outputs.first.map { graph.type(of: $0.value) })
    let size = try #require(network.sizes(height: sample.height, width: sample.width).last)
    #expect(
      type.shape == [sample.batch] + (size.map { [$0.height, $0.width] } ?? []) + [
        network.nodes[network.nodes.count - 1].channels
      ])
    // Zeros between taps are multiplied, but are not part of the layer's work.
    let spread = network.parameters.contains { parameter in
      let given = [Int](repeating: 2, count: parameter.shape.count)
      return parameter.arrangement.spread.map { $0.shape(given) != given } ?? false
    }
    guard !spread else { return }
    let flops = graph.nodes.reduce(0) { sum, node in
      guard case .op(let op as any ConvolutionLike, let inputs) = node.source else { return sum }
      return sum + op.work(inputs.map { graph.type(of: $0) }, node.types).flops
    }
    let products = network.multiplications(height: sample.height, width: sample.width)
    #expect(2 * sample.batch * products == flops)
  }

  /// Weights survive conversion to the graph's order and back, with files with and without names.
  @Test(arguments: LayerSample.all) func parametersComeBack(_ sample: LayerSample) throws {
    let network = sample.network()
    let weights = network.randomWeights(seed: 5)
    for node in network.nodes {
      #expect(
        network.parameters(of: node).isEmpty == (node.layer.place == nil), "\(node.layer)")
    }
    #expect(network.weights(try network.learned(weights)).tensors == weights.tensors)
    let file = try WeightFile.decode(try SafeTensors.encode(weights), path: "a")
    #expect(try network.check(file).tensors == weights.tensors)
    #expect(
      network.parameterCount
        == network.parameters.reduce(0) {
          $0 + ($1.trained ? weights.tensors[$1.name]!.type.count : 0)
        }
    )
    // Slopes per channel and a movie's statistics are not constants of one node, so a file with
    // other names does not give them.
    guard !sample.name.contains("per channel"), sample.name != "stabilise" else { return }
    let unnamed = try WeightFile.decode(
      try sample.network(prefix: "other").onnx(
        Weights(
          Dictionary(uniqueKeysWithValues: weights.tensors.map { ("other" + $0.key, $0.value) }))),
      path: "a.onnx")
    #expect(try network.check(unnamed).tensors == weights.tensors)
  }

  // MARK: Reach

  /// The input pixels and frames that a network's result depends on, in units of its pitch.
  private struct Seen {
    var rows = Reach.Span(before: -.infinity, after: -.infinity)
    var columns = Reach.Span(before: -.infinity, after: -.infinity)
    var frames = 0
  }

  private func seen(by network: Network, _ sample: LayerSample) throws -> Seen {
    let graph = try graph(network, sample)
    let x = frames(sample)
    let before = try #require(graph.evaluate(["frames": x])["y"])
    let shape = before.type.shape
    let isImage = shape.count == 4
    let pixels = isImage ? shape[1] * shape[2] : 1
    let (channels, pitch) = (before.type.channels, network.reach.pitch)
    var result = Seen()
    let middle = sample.batch / 2
    for row in 0..<sample.height {
      for column in 0..<sample.width {
        var moved = x
        let pixel = (middle * sample.height + row) * sample.width + column
        for channel in 0..<sample.channels {
          // Large enough to become the maximum.
          moved.values[pixel * sample.channels + channel] += 9 + Double(channel)
        }
        let after = try #require(graph.evaluate(["frames": moved])["y"])
        for place in 0..<sample.batch * pixels {
          let range = place * channels..<(place + 1) * channels
          guard before.values[range] != after.values[range] else { continue }
          result.frames = max(result.frames, abs(place / pixels - middle))
          guard isImage else { continue }
          let y = Double(place % pixels / shape[2]) * pitch - Double(row)
          let u = Double(place % shape[2]) * pitch - Double(column)
          result.rows = result.rows.union(.init(before: y, after: -y))
          result.columns = result.columns.union(.init(before: u, after: -u))
        }
      }
    }
    return result
  }

  /// A layer's reach is exact: each input pixel is changed, and the results that change are
  /// compared.
  @Test(arguments: LayerSample.all) func reachIsWhatMoves(_ sample: LayerSample) throws {
    let network = sample.network()
    let (said, seen) = (network.reach, try seen(by: network, sample))
    #expect(said.frames == seen.frames && network.temporalReach == seen.frames)
    guard !said.isWhole else {
      #expect(!network.tileable)
      return
    }
    #expect(network.tileable)
    for (said, seen) in [(said.rows, seen.rows), (said.columns, seen.columns)] {
      #expect(seen.before <= said.before + 1e-9 && seen.after <= said.after + 1e-9)
      // For one layer the reach is exact; for several, phases need not add up.
      guard network.nodes.count <= 3 else {
        #expect(seen.before > said.before - 3 && seen.after > said.after - 3)
        continue
      }
      #expect(said.before - seen.before < sample.slack + 1e-9)
      #expect(said.after - seen.after < sample.slack + 1e-9)
    }
  }

  /// Layers that depend on the whole frame: changing a corner changes all pixels of an image.
  @Test func whatIsWholeSeesTheWhole() throws {
    let whole = LayerSample.all.filter { $0.network().reach.isWhole }
    #expect(whole.count >= 8)
    for sample in whole {
      let network = sample.network()
      let graph = try graph(network, sample)
      let x = frames(sample)
      var moved = x
      for channel in 0..<sample.channels { moved.values[channel] += 9 }
      let before = try #require(graph.evaluate(["frames": x])["y"]).values
      let after = try #require(graph.evaluate(["frames": moved])["y"]).values
      let last = before.count / sample.batch - 1
      let channels = network.channels(of: network.outputs[0].value)
      // The most distant pixel of the frame, or whatever a vector keeps of the first.
      let far = before.count / sample.batch > channels ? last - channels + 1...last : 0...last
      #expect(before[far] != after[far], "\(sample.name)")
    }
  }

  /// A reach stated too small would give wrong tiles: tiled and whole results agree.
  @Test(arguments: LayerSample.all.indices.filter { Plain(sample: $0).fits })
  func tilesAreTheWhole(_ index: Int) throws {
    let system = Plain(sample: index)
    let model = try Model(system, system.network.randomWeights(seed: 2))
    let frames = ONNXTests.frames(5 * 61 * 40).map { $0 / 100 - 2 }
    let whole = try TiledNetwork(model, height: 61, width: 40, on: CPUDevice())
    let tiled = try TiledNetwork(model, height: 61, width: 40, on: CPUDevice(), tile: 36)
    #expect(whole.tiles == 1 && tiled.tiles > 1)
    let (first, second) = try (whole.image(frames), tiled.image(frames))
    #expect(
      relativeError(second.values.map { Float($0) }, first.values.map { Float($0) }) < 1e-5)
  }

  /// An image that is not a whole number of times its frame is refused before anything runs.
  @Test func resultsOfAnotherSizeAreRefused() throws {
    let others = LayerSample.all.indices.filter {
      let system = Plain(sample: $0)
      return system.network.tileable && !system.fits
    }
    #expect(others.count >= 6)
    for index in others {
      let system = Plain(sample: index)
      let model = try Model(system, system.network.randomWeights(seed: 2))
      #expect(throws: NetworkError.self, "\(LayerSample.all[index].name)") {
        try TiledNetwork(model, height: 60, width: 40, on: CPUDevice())
      }
    }
  }
}

/// A sample as a system, preceded by a layer that provides its channels.
private struct Plain: NetworkSystem {
  static let name = "plain"
  static let source = "these tests"
  static let purpose = "frame to image"
  var sample = 0

  var task: NetworkTask { .map(peaks: nil) }

  /// Whether its result is an image of a whole number of times the frame's rows and columns.
  var fits: Bool {
    let network = network
    let (height, width) = (network.aligned(60), network.aligned(42))
    guard network.tileable,
      let size = network.outputs[0].value.node.flatMap({
        network.sizes(height: height, width: width)[$0]
      })
    else { return false }
    return size.height % height == 0 && size.width % width == 0
      && size.height / height == size.width / width
  }

  var network: Network {
    let sample = LayerSample.all[sample]
    var network = Network(channels: 1)
    let x = network.convolution(network.input, "first", 1, to: sample.channels)
    network.output("y", sample.build(&network, x, ""))
    return network
  }
}
