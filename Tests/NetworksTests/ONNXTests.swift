import Compute
import Foundation
import Networks
import Testing

/// Models exported to ONNX give the same numbers in ONNX Runtime and after import.
@Suite struct ONNXTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let system: any NetworkSystem
    let batch: Int
    let height: Int
    let width: Int
    var testDescription: String { name }
  }

  static let cases: [Case] = {
    var small = DeepSTORM3D()
    small.planes = 5
    var paper = DECODE()
    paper.layout = .paper
    paper.features = 8
    var authors = DECODE()
    authors.features = 8
    authors.scaling = InputScaling(scale: 0.02, shift: -1)
    authors.bilinear = true
    authors.disabled = [3]
    return [
      Case(name: "Deep-STORM", system: DeepSTORM(), batch: 1, height: 3, width: 2),
      Case(name: "FID-STORM", system: FIDSTORM(), batch: 2, height: 9, width: 7),
      Case(name: "DECODE", system: authors, batch: 3, height: 12, width: 8),
      Case(name: "DECODE of the paper", system: paper, batch: 2, height: 8, width: 16),
      Case(name: "DECODE, one frame", system: paper, batch: 1, height: 4, width: 4),
      Case(name: "DeepSTORM3D", system: small, batch: 1, height: 7, width: 9),
      Case(name: "SpeNet", system: SpeNet(), batch: 2, height: 7, width: 201),
      Case(name: "DEFCoN", system: DEFCoN(), batch: 2, height: 12, width: 8),
    ]
  }()

  static func frames(_ count: Int) -> [Float] {
    (0..<count).map { index in
      let scattered = index * 7919 + index * index * 31
      return Float(90 + scattered % 211)
    }
  }

  @Test(arguments: cases) func onnxRuntimeAgrees(_ item: Case) throws {
    try withTemporaryFolder { folder in
      let model = try Model(item.system, item.system.network.randomWeights(seed: 9))
      let frames = Self.frames(item.batch * item.height * item.width)
      try Data(model.onnx()).write(to: folder.appendingPathComponent("model.onnx"))
      try frames.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent("frames.bin"))
      let script = """
        x = numpy.fromfile('frames.bin', 'f4').reshape(\(item.batch), 1, \(item.height), \(item.width))
        session = onnxruntime.InferenceSession('model.onnx', providers=['CPUExecutionProvider'])
        y = session.run(None, {'frames': x})
        for output, value in zip(session.get_outputs(), y):
            value.astype('f4').tofile(output.name + '.bin'); print(output.name, *value.shape)
        """
      guard
        let output = try Python.run(script, needs: ["numpy", "onnxruntime"], in: folder)
      else { return }
      let read = try run(
        model.graph(batch: item.batch, height: item.height, width: item.width), frames)
      for line in output.split(separator: "\n") {
        let parts = line.split(separator: " ").map(String.init)
        let shape = parts.dropFirst().map { Int($0)! }
        let expected = try Data(contentsOf: folder.appendingPathComponent(parts[0] + ".bin"))
          .withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let own = channelsFirst(
          try read(parts[0]), channels: shape[1], pixels: shape.dropFirst(2).reduce(1, *))
        let error = relativeError(own, expected)
        print("\(item.name) \(parts[0]) \(shape): \(error) of the rms")
        #expect(error < 1e-4)
        #expect((expected.max() ?? 0) > (expected.min() ?? 0))
      }
    }
  }

  @Test(arguments: cases)
  func importGivesTheNetworkBack(_ item: Case) throws {
    var network = item.system.network
    network.scaling = InputScaling()
    let weights = network.randomWeights(seed: 4)
    let file = try WeightFile.decode(
      try network.onnx(weights, size: item.system.inputSize), path: "model.onnx")
    let (again, own) = try #require(file.graph).network(file)
    #expect(again.parameterCount == network.parameterCount)
    let frames = Self.frames(item.batch * item.height * item.width).map { $0 / 100 - 1 }
    let first = try run(
      network.graph(weights, batch: item.batch, height: item.height, width: item.width), frames)
    let second = try run(
      again.graph(own, batch: item.batch, height: item.height, width: item.width), frames)
    let name = network.outputs[0].name
    if item.system is DECODE {
      // x · scale + shift is one node here and two there.
      #expect(relativeError(try second(name), try first(name)) < 1e-6)
      #expect(again.temporalReach == network.temporalReach)
    } else {
      #expect(try first(name) == second(name))
    }
  }

  /// The model as a whole comes back by what the file states, the scaling of frames included.
  @Test(arguments: cases) func theModelComesBack(_ item: Case) throws {
    let model = try Model(item.system, item.system.network.randomWeights(seed: 4))
    let file = try WeightFile.decode(try model.onnx(), path: "model.onnx")
    let again = try Model(type(of: item.system), file)
    #expect(again.network == model.network)
    for (name, tensor) in model.weights.tensors {
      #expect(again.weights.tensors[name]?.bytes == tensor.bytes)
    }
  }

  @Test func aWindowOfFiveFramesComesBack() throws {
    var network = Network(channels: 1)
    let x = network.convolution(network.input, "a", 3, to: 2)
    network.output("y", network.convolution(network.apply(.window(frames: 5), [x]), "b", 1, to: 3))
    let weights = network.randomWeights(seed: 1)
    let file = try WeightFile.decode(try network.onnx(weights), path: "model.onnx")
    let (again, own) = try #require(file.graph).network(file)
    #expect(again.temporalReach == 2)
    let frames = Self.frames(7 * 12)
    let first = try run(network.graph(weights, batch: 7, height: 3, width: 4), frames)("y")
    #expect(try run(again.graph(own, batch: 7, height: 3, width: 4), frames)("y") == first)
  }

  @Test func theFileStatesItsNetwork() throws {
    var system = DeepSTORM3D()
    system.planes = 4
    let model = try Model(system, system.network.randomWeights(seed: 2))
    let weights = try WeightFile.decode(try model.onnx(), path: "model.onnx")
    #expect(try Model(DeepSTORM3D.self, weights).system as? DeepSTORM3D == system)
  }

  @Test func aNodeWithoutCounterpartIsNamed() throws {
    var network = Network(channels: 1, scaling: InputScaling(.minMax))
    network.output("map", network.activate(network.input, .relu))
    var file = try WeightFile.decode(try network.onnx(Weights([:])), path: "model.onnx")
    var graph = try #require(file.graph)
    var error = #expect(throws: NetworkError.self) { try graph.network(file) }
    #expect("\(try #require(error))".contains("(ReduceMin) cannot be imported"))
    // A dense layer needs to know of how many rows and columns.
    let spectra = SpeNet().network
    var plain = spectra
    plain.scaling = InputScaling()
    file = try WeightFile.decode(
      try plain.onnx(plain.randomWeights(seed: 1)), path: "model.onnx")
    graph = try #require(file.graph)
    error = #expect(throws: NetworkError.self) { try graph.network(file) }
    #expect("\(try #require(error))".contains("does not state the rows and columns"))
  }
}
