import Compute
import Containers
import Foundation
import TestSupport
import Testing

@testable import Networks

/// Files as written by other programs: wrapped, renamed, folded, in several pieces, or from a
/// similar but different network.
@Suite struct ForeignFilesTests {
  private func renamed(_ weights: Weights, _ name: (String) -> String) -> Weights {
    Weights(
      Dictionary(uniqueKeysWithValues: weights.tensors.map { (name($0.key), $0.value) }))
  }

  private func output(_ model: Model, _ height: Int, _ width: Int) throws -> [Float] {
    let frames = ONNXTests.frames(height * width)
    return try run(model.graph(height: height, width: width), frames)(model.network.outputs[0].name)
  }

  /// HDF5 knows datasets that hold nothing, not even an empty list.
  @Test(.python("h5py")) func aKerasDatasetWithoutAValue() throws {
    try withScratchFolder { folder in
      _ = try Python.run(
        """
        import h5py
        with h5py.File("w.h5", "w") as file:
            file["model_weights/a/a/bias:0"] = h5py.Empty("f4")
            file["model_weights/b/b/bias:0"] = [1.0, 2.0]
        """, in: folder)
      let weights = try WeightFile.read(folder.appendingPathComponent("w.h5").path)
      #expect(weights.tensors.keys.sorted() == ["b.bias"])
    }
  }

  // MARK: Names

  @Test func layersAreCountedBehindAnyPrefix() throws {
    let weights = FIDSTORM().network.randomWeights(seed: 2)
    for prefix in ["module.", "state_dict.", "model.net.module."] {
      let model = try Model(FIDSTORM.self, renamed(weights) { prefix + $0 })
      #expect((model.system as? FIDSTORM)?.depth == 5)
      #expect(model.weights.tensors == weights.tensors)
    }
  }

  @Test func tensorsOfLayersThatTheNetworkLacksAreNamed() throws {
    let weights = FIDSTORM().network.randomWeights(seed: 2)
    var fewer = weights
    fewer.tensors["trunk.2.weight"] = nil
    var error = #expect(throws: WeightError.self) { try Model(FIDSTORM.self, fewer) }
    #expect("\(try #require(error))".hasPrefix("the weights have no tensor `trunk.2.weight`"))
    for (name, shape) in [("first.bias", [64]), ("up4.weight", [1, 1, 3, 3])] {
      var more = weights
      more.tensors[name] = Tensor(
        [Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
      error = #expect(throws: WeightError.self) { try Model(FIDSTORM.self, more) }
      let text = shape.map(String.init).joined(separator: "×")
      #expect(
        "\(try #require(error))".hasPrefix(
          "the network has no place for tensor `\(name)` (shape \(text))\nhint: "))
    }
    // Tensors outside the network's layers are ignored.
    var beside = weights
    beside.tensors["optimizer.state.0.exp_avg"] = Tensor([1] as [Float], shape: [1])
    beside.tensors["first.num_batches_tracked"] = Tensor([1] as [Float], shape: [])
    #expect(try Model(FIDSTORM.self, beside).weights.tensors == weights.tensors)
  }

  @Test func twoSetsOfWeightsAreNotChosenBetween() throws {
    let weights = DeepSTORM().network.randomWeights(seed: 1)
    let other = DeepSTORM().network.randomWeights(seed: 2)
    func both(_ second: Weights) -> Weights {
      Weights(
        renamed(weights) { "model." + $0 }.tensors.merging(
          renamed(second) { "model_ema." + $0 }.tensors
        ) { a, _ in a })
    }
    #expect(try Model(DeepSTORM.self, both(weights)).weights.tensors == weights.tensors)
    let error = #expect(throws: WeightError.self) { try Model(DeepSTORM.self, both(other)) }
    #expect("\(try #require(error))".contains("`model` and `model_ema`\nhint: "))
    // Of two depths the outer one is used; deeper tensors belong to something else.
    let deeper = Weights(
      renamed(weights) { "net." + $0 }.tensors.merging(
        renamed(other) { "teacher.net." + $0 }.tensors
      ) { a, _ in a })
    #expect(try Model(DeepSTORM.self, deeper).weights.tensors == weights.tensors)
  }

  /// Settings come from the tensors that will be read: those with the prefix of fewest parts.
  @Test func settingsAreThoseOfTheOuterNetwork() throws {
    var teacher = DeepSTORM3D.small
    teacher.planes = 5
    let weights = DeepSTORM3D.small.network.randomWeights(seed: 1)
    for deeper in ["net.a.", "a.net.", "teacher.net."] {
      let both =
        weights.tensors.map { ("net." + $0.key, $0.value) }
        + teacher.network.randomWeights(seed: 2).tensors.map { (deeper + $0.key, $0.value) }
      for order in [both, both.reversed()] {
        let file = Weights(Dictionary(uniqueKeysWithValues: order))
        #expect(file.prefix(of: "layer10.weight") == "net.")
        let model = try Model(DeepSTORM3D.self, file, settings: #"{"dilations": [1, 2]}"#)
        #expect((model.system as? DeepSTORM3D)?.planes == 3)
        #expect(model.weights.tensors == weights.tensors)
      }
    }
    var numbered = weights
    numbered.numbers = ["b.network.offset": 1, "a.network.offset": 2, "a.b.network.offset": 3]
    #expect(numbered.number("network.offset") == 2 && numbered.number("offset") == 2)
    #expect(numbered.number("set") == nil)
  }

  // MARK: Order instead of names

  /// Deep-STORM without batch norms: a convolution with bias replaces each pair.
  private func folded(_ weights: Weights) -> (network: Network, weights: Weights) {
    var net = Network(channels: 1)
    var tensors: [String: Tensor] = [:]
    var layer = 0
    func block(_ x: Network.Value, _ part: String, _ outputs: Int) -> Network.Value {
      let name = "onnx::Conv_\(layer)"
      layer += 1
      func values(_ name: String) -> [Float] { weights.tensors[name]!.floats }
      let norm = "BN-CNN\(part)"
      let factors = zip(values("\(norm).weight"), values("\(norm).running_var")).map {
        $0 / ($1 + 1e-3).squareRoot()
      }
      let kernel = weights.tensors["conv-CNN\(part).weight"]!
      let each = kernel.type.count / outputs
      tensors["\(name).weight"] = Tensor(
        kernel.floats.enumerated().map { $1 * factors[$0 / each] }, shape: kernel.type.shape)
      tensors["\(name).bias"] = Tensor(
        (0..<outputs).map {
          values("\(norm).bias")[$0] - values("\(norm).running_mean")[$0] * factors[$0]
        }, shape: [outputs])
      return net.convolution(x, name, 3, to: outputs, .relu)
    }
    var x = net.upsample(net.input, 8)
    for (part, outputs) in [("F1", 32), ("F2", 64), ("F3", 128)] {
      x = net.maxPool(block(x, part, outputs))
    }
    x = block(x, "F4", 512)
    for (part, outputs) in [("F5", 128), ("F6", 64), ("F7", 32)] {
      x = block(net.upsample(x), part, outputs)
    }
    tensors["last.weight"] = weights.tensors["Prediction.weight"]
    net.output("density", net.convolution(x, "last", 1, to: 1, bias: false))
    return (net, Weights(tensors))
  }

  @Test func batchNormsThatAnExporterFoldedAreFoundInTheirConvolutions() throws {
    let system = DeepSTORM()
    let weights = system.network.randomWeights(seed: 5)
    let (network, own) = folded(weights)
    let file = try WeightFile.decode(try network.onnx(own), path: "folded.onnx")
    let error = relativeError(
      try output(Model(DeepSTORM.self, file), 3, 2), try output(Model(system, weights), 3, 2))
    #expect(error < 1e-5)
  }

  @Test func otherLayersInOrderAreNotTaken() throws {
    // An additional convolution, and one with another dilation.
    let weights = DeepSTORM().network.randomWeights(seed: 5)
    var (network, own) = folded(weights)
    own.tensors["more.weight"] = Tensor([1] as [Float], shape: [1, 1, 1, 1])
    let last = network.outputs[0].value
    network.output("more", network.convolution(last, "more", 1, to: 1, bias: false))
    let more = try WeightFile.decode(try network.onnx(own), path: "more.onnx")
    #expect(throws: WeightError.self) { try Model(DeepSTORM.self, more) }

    var dilated = Network(channels: 1)
    dilated.output("y", dilated.convolution(dilated.input, "a", 3, to: 2, dilation: 2))
    let file = try WeightFile.decode(
      try dilated.onnx(dilated.randomWeights(seed: 1)), path: "dilated.onnx")
    var same = Network(channels: 1)
    same.output("y", same.convolution(same.input, "b", 3, to: 2, dilation: 2))
    #expect(try same.check(file).tensors["b.weight"] == file.tensors["a.weight"])
    var plain = Network(channels: 1)
    plain.output("y", plain.convolution(plain.input, "b", 3, to: 2))
    #expect(throws: WeightError.self) { try plain.check(file) }
  }

  @Test(arguments: [false, true]) func kerasThreeKeepsOnlyTheOrder(_ archived: Bool) throws {
    for system in [DeepSTORM(), DEFCoN()] as [any NetworkSystem] {
      let weights = system.network.randomWeights(seed: 8)
      var bytes = WeightFixtures.keras3(system.network, weights)
      if archived {
        bytes = WeightFixtures.zip([
          ("metadata.json", Array("{}".utf8)), ("config.json", Array("{}".utf8)),
          ("model.weights.h5", bytes),
        ])
      }
      let file = try WeightFile.decode(bytes, path: "model.keras")
      let model = try Model(type(of: system), file)
      #expect(model.weights.tensors == weights.tensors, "\(type(of: system).name)")
    }
  }

  @Test func layersOfOneNumberAreNoOrder() throws {
    let variable = WeightFixtures.Tree.group([
      ("vars", .group([("0", .dataset([1, 1, 1, 1], [2]))]))
    ])
    let bytes = WeightFixtures.hdf5(
      .group([("layers", .group([("conv2d", variable), ("conv2d_00", variable)]))]))
    let file = try WeightFile.decode(bytes, path: "a.weights.h5")
    var one = Network(channels: 1)
    one.output("y", one.convolution(one.input, "a", 1, to: 1, bias: false))
    #expect(throws: WeightError.self) { try one.check(file) }
  }

  // MARK: Pieces

  /// The fixture's ONNX file with its tensors moved to an external file.
  private func inPieces(location: String) throws -> (model: [UInt8], data: [UInt8]) {
    let bytes = try WeightFixtures.onnx()
    let weights = try WeightFile.decode(bytes, path: "whole.onnx")
    var data: [UInt8] = [1, 2, 3, 4]
    var model = ProtobufWriter()
    model.number(1, 7)
    var fields = try ProtobufReader(bytes, 0..<bytes.count)
    while let (number, field) = try fields.next() {
      guard number == 7, case .bytes(let place) = field else { continue }
      var graph = ProtobufWriter()
      var parts = try ProtobufReader(bytes, place)
      while let (number, field) = try parts.next() {
        guard case .bytes(let part) = field, number != 5 else { continue }
        graph.data(number, bytes[part])
      }
      for (name, tensor) in weights.tensors.sorted(by: { $0.key < $1.key }) {
        let start = data.count
        data += tensor.bytes
        graph.message(5) { message in
          for length in tensor.type.shape { message.number(1, length) }
          message.number(2, 1)
          message.text(8, name)
          for (key, value) in [
            ("location", location), ("offset", "\(start)"), ("length", "\(tensor.type.bytes)"),
          ] {
            message.message(13) { entry in
              entry.text(1, key)
              entry.text(2, value)
            }
          }
          message.number(14, 1)
        }
      }
      model.data(7, graph.bytes)
    }
    return (model.bytes, data)
  }

  @Test func tensorsBesideAnONNXFileAreRead() throws {
    let whole = try WeightFile.decode(try WeightFixtures.onnx(), path: "whole.onnx")
    try withTemporaryFolder { folder in
      try Data([1, 2, 3, 4, 5]).write(to: folder.appendingPathComponent("short.data"))
      func read(_ location: String) throws -> Weights {
        let (model, data) = try inPieces(location: location)
        try Data(data).write(to: folder.appendingPathComponent("model.onnx.data"))
        let path = folder.appendingPathComponent("model.onnx").path
        try Data(model).write(to: URL(fileURLWithPath: path))
        return try WeightFile.read(path)
      }
      let pieces = try read("model.onnx.data")
      #expect(pieces.tensors == whole.tensors)
      for (location, words) in [
        ("elsewhere.data", "in `elsewhere.data`, which is not beside it\nhint: copy that file"),
        ("../model.onnx.data", "in `../model.onnx.data`, which is not beside it"),
        ("/etc/passwd", "in `/etc/passwd`, which is not beside it"),
        ("short.data", "of `short.data` that do not exist\nhint: "),
      ] {
        let error = #expect(throws: WeightError.self) { try read(location) }
        #expect(error?.description.contains(words) == true, "\(error as Any)")
      }
    }
  }

  @Test func aFolderIsCalledSo() throws {
    try withTemporaryFolder { folder in
      let error = #expect(throws: WeightError.self) { try WeightFile.read(folder.path) }
      #expect(error?.description.contains("it is a folder") == true)
    }
  }

  // MARK: Memory

  @Test func aSmallFileCannotAskForMuchMemory() throws {
    var allowance = Allowance(file: 10)
    try allowance.take(1 << 28)
    #expect(throws: FileFault.self) { try allowance.take(1) }
    var large = Allowance(file: 1 << 26)
    try large.take(1 << 30)
    #expect(throws: FileFault.self) { try large.take(1) }
    #expect(throws: FileFault.self) {
      var some = Allowance(file: .max)
      try some.take(.max)
    }
    // Members whose directory states 2³¹ bytes each.
    var bomb = WeightFixtures.zip((0..<3).map { ("\($0).npy", [UInt8](repeating: 0, count: 9)) })
    for place in bomb.indices where bomb[place...].starts(with: [0x50, 0x4b, 1, 2]) {
      bomb.replaceSubrange(place + 24..<place + 28, with: [0, 0, 0, 0x80])
    }
    let error = #expect(throws: WeightError.self) {
      try WeightFile.decode(bomb, path: "bomb.npz")
    }
    #expect("\(try #require(error))".contains("unpacks to more than sixteen times its size"))
  }

  // MARK: Frames of one size

  @Test func cropsAreTakenAsTheyAre() throws {
    let model = try Model(SpeNet(), SpeNet().network.randomWeights(seed: 3))
    let frames = ONNXTests.frames(2 * 7 * 201)
    let expected = try run(model.graph(batch: 2, height: 7, width: 201), frames)("probabilities")
    let tiled = try TiledNetwork(model, batch: 2, height: 7, width: 201, on: CPUDevice())
    #expect(relativeError(try tiled.image(frames).floats, expected) < 1e-6)
  }

  @Test func aTrainingThatKeepsItsScalingAsTensors() throws {
    var paper = DECODE()
    paper.layout = .paper
    paper.features = 4
    var weights = renamed(paper.network.randomWeights(seed: 1)) { "network." + $0 }
    weights.tensors["network.offset"] = Tensor([100] as [Float], shape: [])
    weights.numbers["network.factor"] = 50
    let system = try #require(try Model(DECODE.self, weights).system as? DECODE)
    #expect(system.scaling == InputScaling(scale: 0.02, shift: -2))
    #expect(system.task.threshold == 0.99)
  }

  /// Training in two dimensions: z is 0 with a sigma of 0.1, and nothing else changes.
  @Test func whatATrainingLeftOutIsConstant() throws {
    var flat = DECODE()
    flat.features = 4
    let weights = flat.network.randomWeights(seed: 1)
    let whole = try output(Model(flat, weights), 8, 12)
    flat.disabled = [3]
    let without = try output(Model(flat, weights), 8, 12)
    for (index, (value, before)) in zip(without, whole).enumerated() {
      switch index % 10 {
      case 4: #expect(value == 0)
      case 8: #expect(value == 0.1)
      default: #expect(value == before)
      }
    }
  }

  // MARK: Settings

  @Test(arguments: [
    ("decode", #"{"scaling":{"scale":0}}"#, "scaled by 0.0"),
    ("decode", #"{"scaling":{"scale":1e99}}"#, "does not accept that value"),
    ("decode", #"{"disabled":[4]}"#, "a disabled attribute is 4, not between 0 and 3"),
    ("decode", #"{"results":{"photons":-5,"z":1}}"#, "results.photons is -5.0, not above 0"),
    ("deepstorm3d", #"{"depth":[4000,0]}"#, "the range of depth is -4000.0, not above 0"),
    ("deepstorm3d", #"{"peak":0}"#, "peak is 0.0, not above 0"),
  ])
  func settingsWithoutSenseAreRefused(_ name: String, _ settings: String, _ words: String) throws {
    let type = try Systems.named(name)
    let error = #expect(throws: NetworkError.self) {
      try Model(type, type.init().network.randomWeights(seed: 1), settings: settings)
    }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }
}
