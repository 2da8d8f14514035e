import Compute
import Testing

/// How gradients are taken; `GradientCheckTests` compares every op's rule with its reference.
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

  /// Gradients run on devices like any other graph.
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

  /// Of equal maxima and extremes, the first in reading order gets the gradient.
  @Test func theFirstOfEqualsCounts() throws {
    var graph = Graph()
    let type = TensorType(.float32, 1, 2, 2, 1)
    let x = graph.input("x", type)
    let third = graph.constant(Tensor([0, 0, 1, 0] as [Float], shape: type.shape))
    let pooled = try graph.apply(Pool(.max), x)
    let scaled = try graph.apply(Normalize(.minMax), x)
    graph.output("pool", try #require(graph.gradients(of: pooled, withRespectTo: [x])[0]))
    graph.output(
      "range",
      try #require(graph.gradients(of: scaled, given: third, withRespectTo: [x])[0]))
    let values = Reference(type, [0, 1, 0, 1])
    #expect(graph.evaluate(["x": values])["pool"]?.values == [0, 1, 0, 0])
    // The third pixel is (x − min) / (max − min), its min at the first.
    #expect(graph.evaluate(["x": values])["range"]?.values == [-1, 0, 1, 0])
    for device in Devices.all {
      let executable = try device.compile(Plan(graph, for: device.info))
      try executable.write("x", values.tensor.bytes)
      try executable.run()
      #expect(try executable.read("pool").values == [0, 1, 0, 0], "\(device.info.name)")
      #expect(try executable.read("range").values == [-1, 0, 1, 0], "\(device.info.name)")
    }
  }

  /// Gradient ops reject inputs that do not fit together.
  @Test func gradientOpsCheckShapes() throws {
    func refuses(_ op: any Op, _ shapes: [Int]..., saying part: String) {
      let error = #expect(throws: ShapeError.self) {
        try op.outputs(shapes.map { TensorType(.float32, $0) })
      }
      let text = error?.description ?? ""
      #expect(error?.op == op.name && text.contains(part), "\(text)")
    }
    let half = Convolution(stride: 2)
    refuses(
      ConvolutionInputGradient(of: half, height: 7, width: 9), [1, 4, 4, 2], [3, 3, 2, 5],
      saying: "an image of 7×9 gives 4×5, not 4×4")
    refuses(
      ConvolutionWeightGradient(of: half, kernel: (3, 3)), [1, 7, 9, 5], [1, 4, 4, 2],
      saying: "a convolution of float32[1×7×9×5] does not give float32[1×4×4×2]")
    refuses(UpsampleGradient(of: Upsample()), [1, 4, 3, 1], saying: "enlarged 2 times")
    refuses(TemporalWindowGradient(), [2, 1, 1, 4], saying: "windows of 3 frames")
    refuses(PadChannels(1..<3, of: 4), [5, 1], saying: "takes 2 channels")
    refuses(PoolGradient(of: Pool(.max)), [1, 4, 4, 1], [1, 3, 2, 1], saying: "pooled")
    refuses(Reduce(.sum, axes: [0]), [3, 2], [2, 2], saying: "two of one shape")
    refuses(Reduce(.sum, axes: [2]), [3, 2], saying: "does not have each of the axes [2]")
    refuses(
      Reduce(.mean, axes: [0, 0]), [3, 2], saying: "does not have each of the axes [0, 0] once")
    refuses(Binary(.add), [3, 2], [2, 2], saying: "cannot be broadcast to one shape")
    refuses(Stretch(to: [3, 2]), [2, 2], saying: "cannot be broadcast to 3×2")
    refuses(Reshape([2, 2]), [3], saying: "2×2")
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
