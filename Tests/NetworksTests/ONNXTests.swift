import Compute
import Foundation
import TestConditions
import TestSupport
import Testing

@testable import Networks

/// Exported ONNX models give the same numbers with the reference operators and in ONNX Runtime.
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

  @Test(.python("numpy", "onnxruntime"), arguments: cases)
  func onnxRuntimeAgrees(_ item: Case) throws {
    try withTemporaryFolder { folder in
      let model = try Model(item.system, item.system.network.randomWeights(seed: 9))
      let frames = Self.frames(item.batch * item.height * item.width)
      try Data(model.onnx()).write(to: folder.appendingPathComponent("model.onnx"))
      try frames.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent("frames.bin"))
      let script = """
        import numpy, onnxruntime
        x = numpy.fromfile('frames.bin', 'f4').reshape(\(item.batch), 1, \(item.height), \(item.width))
        session = onnxruntime.InferenceSession('model.onnx', providers=['CPUExecutionProvider'])
        y = session.run(None, {'frames': x})
        for output, value in zip(session.get_outputs(), y):
            value.astype('f4').tofile(output.name + '.bin'); print(output.name, *value.shape)
        """
      let output = try Python.run(script, in: folder)
      #expect(output.split(separator: "\n").count == item.system.network.outputs.count)
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

  @Test(arguments: cases) func theOperatorsAgree(_ item: Case) throws {
    let model = try Model(item.system, item.system.network.randomWeights(seed: 9))
    let frames = Self.frames(item.batch * item.height * item.width)
    let results = try ONNXReference(try model.onnx()).run(
      .init([item.batch, 1, item.height, item.width], frames.map { Double($0) }))
    let read = try run(
      model.graph(batch: item.batch, height: item.height, width: item.width), frames)
    for (name, value) in model.network.outputs {
      let expected = try #require(results[name])
      let own = channelsFirst(
        try read(name), channels: model.network.channels(of: value),
        pixels: expected.shape.dropFirst(2).reduce(1, *))
      let error = relativeError(own, expected.values.map { Float($0) })
      print("\(item.name) \(name) \(expected.shape): \(error) of the rms")
      #expect(error < 1e-4)
      #expect((expected.values.max() ?? 0) > (expected.values.min() ?? 0))
    }
  }

  /// A model can be restored from its ONNX file, including the scaling of frames.
  @Test(arguments: cases) func theModelComesBack(_ item: Case) throws {
    let model = try Model(item.system, item.system.network.randomWeights(seed: 4))
    let file = try WeightFile.decode(try model.onnx(), path: "model.onnx")
    let again = try Model(type(of: item.system), file)
    #expect(again.network == model.network)
    for (name, tensor) in model.weights.tensors {
      #expect(again.weights.tensors[name]?.bytes == tensor.bytes)
    }
  }

  @Test func theFileStatesItsNetwork() throws {
    var system = DeepSTORM3D()
    system.planes = 4
    let model = try Model(system, system.network.randomWeights(seed: 2))
    let weights = try WeightFile.decode(try model.onnx(), path: "model.onnx")
    #expect(try Model(DeepSTORM3D.self, weights).system as? DeepSTORM3D == system)
  }
}
