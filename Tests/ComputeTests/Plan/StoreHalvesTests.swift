import Foundation
import TestConditions
import Testing

@testable import Compute

/// Tensors stored in half precision: errors stay within the bound for rounding each to 11 bits.
@Suite struct StoreHalvesTests {
  /// A level of a U-Net. `absolute` replaces weights by their magnitudes, so that with an absolute
  /// input the result bounds the effect of relative errors inside.
  private func level(absolute: Bool = false, named: Bool = false) throws -> Graph {
    var graph = Graph()
    func weights(_ shape: [Int], _ seed: UInt64) -> Graph.Value {
      let random = Reference.random(shape, -1...1, seed: seed)
      let values = absolute ? random.values.map(abs) : random.values
      return graph.constant(Reference(random.type, values).tensor)
    }
    let x = graph.input("x", TensorType(.float32, 2, 6, 8, 8))
    let skip = try graph.apply(
      Elementwise(.leakyReLU(slope: 0.2)), graph.apply(Convolution(), x, weights([3, 3, 8, 16], 1)))
    let down = try graph.apply(
      Convolution(stride: 2, padding: .valid), skip, weights([2, 2, 16, 8], 2))
    let pooled = try graph.apply(Pool(.average), skip)
    let deep = try graph.apply(Concat(), down, pooled)
    let up = try graph.apply(Upsample(.bilinear), deep)
    let whole = try graph.apply(Concat(), skip, up)
    let sums = try graph.apply(Convolution(), whole, weights([3, 3, 40, 16], 3))
    graph.output("y", try graph.apply(Add(), sums, skip))
    if named { graph.output("skip", skip) }
    return graph
  }

  private func planned(_ graph: Graph) throws -> Graph {
    try graph.foldingConstants().rewritten().fusingConvolutions().fusingEpilogues()
  }

  /// skip, down, pooled, up, and the two concatenations that hold them.
  @Test func everythingBetweenIsStorable() throws {
    let graph = try planned(level())
    #expect(graph.storableHalves(graph.placedParts()).count == 6)
  }

  /// The skip stays in single precision, and so do the concatenation and what shares it.
  @Test func whatIsReadByNameStaysSingle() throws {
    let graph = try planned(level(named: true))
    let halves = graph.storableHalves(graph.placedParts())
    #expect(halves.count == 3)
  }

  @Test(.openCL, arguments: Devices.openCL.devices.map(\.info.name))
  func errorsStayWithinTheBound(_ name: String) throws {
    let device = try Devices.named(name)
    let x = Reference.random([2, 6, 8, 8], -1...1, seed: 4)
    let absolute = ["x": Reference(x.type, x.values.map(abs))]
    let expected = try level().evaluate(["x": x])["y"]!.values
    let magnitudes = try level(absolute: true).evaluate(absolute)["y"]!.values
    // The longest path has five values in half precision; sums of 360 terms are in single.
    let share = pow(1 + 0x1p-11, 5) - 1 + 400 * 0x1p-24 * 4
    for candidate in [nil, "direct"] {
      let plan = try Plan(
        level(), for: device.info, forcing: candidate.map { ["convolution": $0] } ?? [:],
        halfStorage: true)
      let single = try Plan(level(), for: device.info)
      #expect(plan.arena.separate < single.arena.separate)
      let executable = try device.compile(plan)
      try executable.write("x", x.tensor.bytes)
      try executable.run()
      let found = try executable.read("y").values
      for index in expected.indices {
        #expect(abs(found[index] - expected[index]) <= share * magnitudes[index])
      }
      #expect(zip(found, expected).contains { abs($0 - $1) > 0x1p-22 * abs($1) }, "it is single")
    }
  }

  @Test(.openCL, arguments: Devices.openCL.devices.map(\.info.name))
  func copiesThroughLocalMemoryConvertToo(_ name: String) throws {
    let device = try Devices.named(name)
    let x = Reference.random([1, 9, 7, 16], -1...1, seed: 5)
    func chain(absolute: Bool) throws -> Graph {
      var graph = Graph()
      func weights(_ seed: UInt64) -> Graph.Value {
        let random = Reference.random([3, 3, 16, 16], -1...1, seed: seed)
        let values = absolute ? random.values.map(abs) : random.values
        return graph.constant(Reference(random.type, values).tensor)
      }
      let input = graph.input("x", x.type)
      let first = try graph.apply(Convolution(), input, weights(1))
      let second = try graph.apply(Convolution(), first, weights(2))
      let sum = try graph.apply(Add(), second, first)
      graph.output("y", try graph.apply(Convolution(), sum, weights(3)))
      return graph
    }
    let expected = try chain(absolute: false).evaluate(["x": x])["y"]!.values
    let magnitudes = try chain(absolute: true)
      .evaluate(["x": Reference(x.type, x.values.map(abs))])["y"]!.values
    let share = pow(1 + 0x1p-11, 2) - 1 + 4 * 500 * 0x1p-24 * 4
    for candidate in ["winograd", "tile32", "tile64"] {
      let plan = try Plan(
        chain(absolute: false), for: device.info, forcing: ["convolution": candidate],
        halfStorage: true)
      let executable = try device.compile(plan)
      try executable.write("x", x.tensor.bytes)
      try executable.run()
      for (found, (wanted, bound)) in zip(
        try executable.read("y").values, zip(expected, magnitudes))
      {
        #expect(abs(found - wanted) <= share * bound, "\(candidate)")
      }
    }
  }
}
