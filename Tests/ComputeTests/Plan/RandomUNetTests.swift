import Testing

@testable import Compute

/// Seeded U-Nets: skips, concatenations in either order, several kinds of pools and strides. After
/// the passes they give the numbers of the reference, on every device.
@Suite struct RandomUNetTests {
  private struct UNet {
    let graph: Graph
    let image: Reference

    init(seed: UInt64) throws {
      var random = SampleGenerator(seed: seed)
      func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      var graph = Graph()
      func convolved(
        _ x: Graph.Value, _ kernel: Int, to outputs: Int, stride: Int = 1
      ) throws -> Graph.Value {
        let channels = graph.type(of: x).channels
        let reach = 1 / Double(kernel * channels).squareRoot()
        let weights = Reference.random(
          [kernel, kernel, channels, outputs], -reach...reach, seed: random.next())
        let bias = Reference.random([outputs], -1...1, seed: random.next())
        return try graph.apply(
          Convolution(stride: stride, padding: stride == 1 ? .same : .valid, bias: true), x,
          graph.constant(weights.tensor), graph.constant(bias.tensor))
      }
      func active(_ x: Graph.Value) throws -> Graph.Value {
        let steps: [ElementwiseStep] = [.relu, .elu(alpha: 1), .leakyReLU(slope: 0.1)]
        return try graph.apply(Elementwise(steps.randomElement(using: &random)!), x)
      }
      let depth = number(1...2)
      let shape = [number(1...2), 4 * number(1...3), 4 * number(1...2), number(1...5)]
      image = .random(shape, -1...1, seed: random.next())
      var x = graph.input("image", image.type)
      var skips: [Graph.Value] = []
      for _ in 0..<depth {
        let skip = try active(convolved(x, 3, to: number(3...9)))
        skips.append(skip)
        x =
          switch number(0...2) {
          case 0: try graph.apply(Pool(.max), skip)
          case 1: try graph.apply(Pool(.average), skip)
          default: try convolved(skip, 2, to: number(3...9), stride: 2)
          }
      }
      x = try active(convolved(x, 3, to: number(4...16)))
      for skip in skips.reversed() {
        var up = try graph.apply(Upsample(number(0...1) == 0 ? .nearest : .bilinear), x)
        if number(0...3) > 0 { up = try convolved(up, [1, 3][number(0...1)], to: number(3...9)) }
        let parts = number(0...1) == 0 ? [skip, up] : [up, skip]
        x = try active(convolved(graph.apply(Concat(), to: parts)[0], 3, to: number(3...9)))
      }
      graph.output("map", x)
      self.graph = graph
    }
  }

  private func agree(_ found: [Double], _ expected: [Double], _ bound: Double, _ note: String) {
    let scale = expected.reduce(1e-3) { max($0, abs($1)) }
    let worst = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(found.count == expected.count && worst <= bound * scale, "\(note): off by \(worst)")
  }

  @Test(arguments: 500..<524 as Range<UInt64>)
  func meaningStays(_ seed: UInt64) throws {
    let net = try UNet(seed: seed)
    func map(_ graph: Graph) -> [Double] { graph.evaluate(["image": net.image])["map"]!.values }
    let expected = map(net.graph)
    for rule in Rewrite.all {
      agree(map(try net.graph.rewritten([rule])), expected, 1e-6, rule.name)
    }
    let planned = try net.graph.foldingConstants().rewritten().fusingConvolutions()
      .fusingEpilogues()
    agree(map(planned), expected, 1e-6, "all passes")
    for device in Devices.all {
      for guarded in [false, true] {
        let executable = try device.compile(
          Plan(net.graph, for: device.info, guarded: guarded))
        try executable.write("image", net.image.tensor.bytes)
        try executable.run()
        try executable.run()
        agree(try executable.read("map").values, expected, 1e-4, device.info.name)
      }
    }
  }

  /// Nets in which no part is placed and no rule applies would test nothing.
  @Test func passesHaveSomethingToDo() throws {
    let graphs = try (500..<524 as Range<UInt64>).map { try UNet(seed: $0).graph }
    #expect(graphs.filter { !$0.placedParts().isEmpty }.count > 12)
    for name in ["1×1 before upsampling", "enlarge inside convolution"] {
      let rule = try #require(Rewrite.all.first { $0.name == name })
      let changed = try graphs.count {
        try $0.rewritten([rule]).ops.map(\.label) != $0.rewritten([]).ops.map(\.label)
      }
      #expect(changed >= 3, "\(name) changed \(changed) of \(graphs.count)")
    }
  }
}
