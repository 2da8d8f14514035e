import Compute
import Testing

/// How gradients are taken; `GradientCheckTests` holds every op's rule to its definition.
@Suite struct GradientTests {
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
    #expect(error?.description == "rough has no gradient: its outputs are not smooth in its inputs")
  }
}

/// An op with no gradient rule.
private struct FaultlessButRough: NotDifferentiable {
  static let name = "rough"
  static var samples: [Sample] { [] }
  var cpu: [Candidate<CPULaunch>] { [] }
  var openCL: [Candidate<OpenCLLaunch>] { [] }
  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { inputs }
  func reference(_ inputs: [Reference]) -> [Reference] { inputs }
}
