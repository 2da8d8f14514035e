import Compute
import TestSupport
import Testing

@Suite struct RewriteTests {
  /// Each rule by itself, and all together: the same numbers as the graph as it was written.
  @Test(arguments: Rewrite.all.indices, 200..<230 as Range<UInt64>)
  func meaningStays(_ rule: Int, _ seed: UInt64) throws {
    let random = try RandomGraph(seed: seed)
    for rules in [[Rewrite.all[rule]], Rewrite.all] {
      let rewritten = try random.graph.rewritten(rules)
      let found = rewritten.evaluate(random.inputs)
      for (name, tensor) in random.expected() {
        #expect(found[name]?.tensor.values == tensor.values, "\(Rewrite.all[rule].name), \(name)")
      }
    }
  }

  /// A rule that no random graph exercises is not tested.
  @Test(arguments: Rewrite.all.indices)
  func everyRuleFires(_ rule: Int) throws {
    let fires = try (200..<230 as Range<UInt64>).contains {
      let graph = try RandomGraph(seed: $0).graph
      return try graph.rewritten([Rewrite.all[rule]]).ops.map(\.label)
        != graph.rewritten([]).ops.map(\.label)
    }
    #expect(fires, "\(Rewrite.all[rule].name) changed nothing")
  }

  @Test func identitiesGo() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 3))
    let same = try graph.apply(Elementwise(.affine(scale: 1, shift: 0)), x)
    graph.output("same", same)
    graph.output("shifted", try graph.apply(Elementwise(.affine(scale: 1, shift: 1)), same))
    #expect(try graph.rewritten().ops.map(\.label) == ["elementwise(·1.0+1.0)"])
  }

  @Test func opsThatNobodyNeedsGo() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 3))
    _ = try graph.apply(Add(), x, x)
    graph.output("y", try graph.apply(Elementwise(.atLeast(0)), x))
    #expect(try graph.rewritten([]).ops.map(\.name) == ["elementwise"])
  }
}
