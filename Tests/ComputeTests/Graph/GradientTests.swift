import Compute
import Testing

/// Every gradient rule against finite differences of the definition, in Double, on the op's samples.
@Suite struct GradientTests {
  @Test(arguments: Catalogue.samples.filter(\.tiny).map(\.name))
  func finiteDifferences(_ name: String) throws {
    let sample = try #require(Catalogue.samples.first { $0.name == name })
    var graph = Graph()
    let inputs = sample.inputs.enumerated().map { graph.input("in\($0)", $1.type) }
    let outputs = try graph.apply(sample.op, to: inputs)
    guard outputs.count == 1, graph.type(of: outputs[0]).element == .float32 else { return }
    graph.output("y", outputs[0])
    let weights = Reference.random(graph.type(of: outputs[0]).shape, 0.5...1.5, seed: 11)
    let given = graph.constant(weights.tensor)
    let smooth = inputs.indices.filter { sample.inputs[$0].type.element == .float32 }
    let gradients: [Graph.Value?]
    do {
      gradients = try graph.gradients(
        of: outputs[0], given: given, withRespectTo: smooth.map { inputs[$0] })
    } catch let error as GradientError {
      #expect("\(error)".contains(sample.op.label))
      return
    }
    for (index, gradient) in zip(smooth, gradients) {
      if let gradient { graph.output("d\(index)", gradient) }
    }
    var point = Dictionary(
      uniqueKeysWithValues: sample.inputs.enumerated().map { ("in\($0)", $1) })
    let analytic = graph.evaluate(point)
    func weighted() -> Double {
      zip(graph.evaluate(point)["y"]!.values, weights.values).reduce(0) { $0 + $1.0 * $1.1 }
    }
    for index in smooth {
      guard let found = analytic["d\(index)"] else { continue }
      let name = "in\(index)"
      for element in point[name]!.values.indices.prefix(20) {
        let x = point[name]!.values[element]
        let step = 1e-4 * max(1, abs(x))
        point[name]!.values[element] = x + step
        let above = weighted()
        point[name]!.values[element] = x - step
        let below = weighted()
        point[name]!.values[element] = x
        let expected = (above - below) / (2 * step)
        #expect(
          abs(found.values[element] - expected) <= 1e-5 * max(1, abs(expected)),
          "\(sample.name): d/d\(name)[\(element)]")
      }
    }
  }

  /// y = 2·(a + b) + a: a is used twice, so its parts add up.
  @Test func valuesUsedTwiceAddUp() throws {
    var graph = Graph()
    let type = TensorType(.float32, 3)
    let (a, b) = (graph.input("a", type), graph.input("b", type))
    let doubled = try graph.apply(
      Elementwise(.affine(scale: 2, shift: 1)), graph.apply(Add(), a, b))
    let y = try graph.apply(Add(), doubled, a)
    let gradients = try graph.gradients(of: y, withRespectTo: [a, b])
    graph.output("da", try #require(gradients[0]))
    graph.output("db", try #require(gradients[1]))
    let zero = Reference(type, [0, 0, 0])
    let result = graph.evaluate(["a": zero, "b": zero])
    #expect(result["da"]?.values == [3, 3, 3])
    #expect(result["db"]?.values == [2, 2, 2])
  }

  /// The way back runs on devices like any other graph.
  @Test func gradientsRunOnDevices() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 2))
    let y = try graph.apply(Elementwise(.affine(scale: -3, shift: 1)), x)
    let gradients = try graph.gradients(of: y, withRespectTo: [x])
    graph.output("dx", try #require(gradients[0]))
    for device in Devices.all {
      let executable = try device.compile(Plan(graph, for: device.info))
      try executable.run()
      #expect(try executable.read("dx").values == [-3, -3], "\(device.info.name)")
    }
  }

  @Test func inputsThatDoNotMatterHaveNone() throws {
    var graph = Graph()
    let type = TensorType(.float32, 2)
    let (a, b) = (graph.input("a", type), graph.input("b", type))
    let y = try graph.apply(Elementwise(.affine(scale: 2, shift: 0)), a)
    let gradients = try graph.gradients(of: y, withRespectTo: [a, b])
    #expect(gradients[0] != nil)
    #expect(gradients[1] == nil)
  }

  @Test func opsWithoutOneSaySo() throws {
    var graph = Graph()
    let a = graph.input("a", TensorType(.float32, 2))
    let y = try graph.apply(FaultlessButRough(), a)
    let error = #expect(throws: GradientError.self) {
      try graph.gradients(of: y, withRespectTo: [a])
    }
    #expect(error?.op == "rough")
  }
}

/// An op with no gradient rule.
private struct FaultlessButRough: Op {
  static let name = "rough"
  static var samples: [Sample] { [] }
  var cpu: [Candidate<CPULaunch>] { [] }
  var openCL: [Candidate<OpenCLLaunch>] { [] }
  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { inputs }
  func reference(_ inputs: [Reference]) -> [Reference] { inputs }
}
