import Compute
import TestSupport
import Testing

@Suite struct RewriteTests {
  private static let seeds = 200..<260 as Range<UInt64>

  /// Each rule separately, on the graphs that it changes, gives the same numbers as the original
  /// graph. Enough of the graphs must contain the rule's pattern.
  @Test(arguments: Rewrite.all.indices)
  func meaningStays(_ index: Int) throws {
    let rule = Rewrite.all[index]
    var changed = 0
    for seed in Self.seeds {
      let random = try RandomGraph(seed: seed)
      let rewritten = try random.graph.rewritten([rule])
      guard try rewritten.ops.map(\.label) != random.graph.rewritten([]).ops.map(\.label) else {
        continue
      }
      changed += 1
      let found = rewritten.evaluate(random.inputs)
      for (name, tensor) in random.expected() {
        #expect(found[name]?.tensor.values == tensor.values, "\(rule.name), seed \(seed), \(name)")
      }
    }
    #expect(changed >= 12, "\(rule.name) changed \(changed) of \(Self.seeds.count) graphs")
  }

  @Test(arguments: seeds) func allRulesTogether(_ seed: UInt64) throws {
    let random = try RandomGraph(seed: seed)
    let found = try random.graph.rewritten().evaluate(random.inputs)
    for (name, tensor) in random.expected() {
      #expect(found[name]?.tensor.values == tensor.values, "\(name)")
    }
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
