import Compute
import TestSupport
import Testing

@Suite struct FuseEpiloguesTests {
  private let type = TensorType(.float32, 4)

  /// (x + 1) · 2, then at most 5, in exactly this order.
  @Test func chainsFuseInOrder() throws {
    var graph = Graph()
    var value = graph.input("x", type)
    for step in [
      ElementwiseStep.affine(scale: 1, shift: 1), .affine(scale: 2, shift: 0), .atMost(5),
    ] {
      value = try graph.apply(Elementwise(step), value)
    }
    graph.output("y", value)
    let fused = try graph.fusingEpilogues()
    #expect(fused.ops.map(\.label) == ["elementwise(·1.0+1.0 ·2.0+0.0 ≤5.0)"])
    let x = Reference(type, [0, 1, 2, -4])
    #expect(fused.evaluate(["x": x])["y"]?.values == [2, 4, 5, -6])
  }

  /// The bare value is also used by an op or an output.
  @Test func valuesUsedTwiceDoNotFuse() throws {
    var graph = Graph()
    let x = graph.input("x", type)
    let shifted = try graph.apply(Elementwise(.affine(scale: 1, shift: 1)), x)
    let clamped = try graph.apply(Elementwise(.atMost(2)), shifted)
    graph.output("y", try graph.apply(Add(), shifted, clamped))
    #expect(try graph.fusingEpilogues().ops.count == 3)

    var read = Graph()
    let bare = try read.apply(Elementwise(.atLeast(1)), read.input("x", type))
    read.output("bare", bare)
    read.output("clamped", try read.apply(Elementwise(.atMost(2)), bare))
    #expect(try read.fusingEpilogues().ops.count == 2)
  }

  /// A use that no output needs does not count.
  @Test func deadUsesDoNotHinder() throws {
    var graph = Graph()
    let x = graph.input("x", type)
    let shifted = try graph.apply(Elementwise(.affine(scale: 1, shift: 1)), x)
    _ = try graph.apply(Add(), shifted, shifted)
    graph.output("y", try graph.apply(Elementwise(.atMost(2)), shifted))
    #expect(try graph.fusingEpilogues().ops.count == 1)
  }

  @Test func opsThatTakeNoEpilogueStayAlone() throws {
    var graph = Graph()
    let x = graph.input("x", type)
    let sum = try graph.apply(Add(), x, x)
    graph.output("y", try graph.apply(Elementwise(.atMost(2)), sum))
    #expect(try graph.fusingEpilogues().ops.map(\.name) == ["add", "elementwise"])
  }

  /// A chain longer than kernels support is split, not dropped.
  @Test func longChainsAreCut() throws {
    var graph = Graph()
    var value = graph.input("x", type)
    for _ in 0..<11 {
      value = try graph.apply(Elementwise(.affine(scale: 1, shift: 1)), value)
    }
    graph.output("y", value)
    let fused = try graph.fusingEpilogues()
    #expect(fused.ops.count == 2)
    let y = fused.evaluate(["x": Reference(type, [0, 1, 2, 3])])["y"]
    #expect(y?.values == [11, 12, 13, 14])
  }

  @Test(arguments: 300..<340 as Range<UInt64>)
  func meaningStays(_ seed: UInt64) throws {
    let random = try RandomGraph(seed: seed)
    let found = try random.graph.fusingEpilogues().evaluate(random.inputs)
    for (name, tensor) in random.expected() {
      #expect(found[name]?.tensor.values == tensor.values)
    }
  }
}
