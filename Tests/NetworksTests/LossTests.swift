import Foundation
import Testing

@testable import Compute
@testable import Networks

/// Losses compared with plain formulas, and the volumes that targets make.
@Suite struct LossTests {
  private static func value(
    _ inputs: [Reference], _ build: (inout Graph, [Graph.Value]) throws -> Graph.Value
  ) throws -> Reference {
    var graph = Graph()
    let values = inputs.enumerated().map { graph.input("\($0)", $1.type) }
    graph.output("result", try build(&graph, values))
    let named = Dictionary(uniqueKeysWithValues: inputs.enumerated().map { ("\($0)", $1) })
    return try #require(graph.evaluate(named)["result"])
  }

  private static func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-6 * (1 + abs(b)) }

  @Test func crossEntropyOfClasses() throws {
    let p = [0.2, 0.5, 0.3, 0.7, 0.1, 0.2, 0, 1, 0]
    let truth: [Double] = [0, 1, 0, 1, 0, 0, 1, 0, 0]
    let type = TensorType(.float32, 3, 3)
    let inputs = [Reference(type, p), Reference(type, truth)]
    let loss = try Self.value(inputs) { try $0.crossEntropy($1[0], $1[1]) }
    #expect(loss.type.shape == [1])
    let expected = -(log(0.5) + log(0.7) + log(1e-30)) / 3
    #expect(Self.near(loss.values[0], expected))
    let accuracy = try Self.value(inputs) { try $0.accuracy(of: $1[0], $1[1]) }
    #expect(Self.near(accuracy.values[0], 2.0 / 3))
  }

  @Test func crossEntropyOfPixels() throws {
    let p = [0.2, 0.9, 0, 1]
    let truth: [Double] = [0, 1, 0, 1]
    let type = TensorType(.float32, 1, 2, 2, 1)
    let inputs = [Reference(type, p), Reference(type, truth)]
    let loss = try Self.value(inputs) { try $0.binaryCrossEntropy($1[0], $1[1]) }
    let sum = log(0.8) + log(0.9)
    #expect(abs(loss.values[0] + sum / 4) < 1e-6)
    let wrong = try Self.value([inputs[0], Reference(type, [0, 1, 1, 1])]) {
      try $0.binaryCrossEntropy($1[0], $1[1])
    }
    let more = sum + log(1e-7)
    #expect(abs(wrong.values[0] + more / 4) < 1e-6)
  }

  @Test func overlap() throws {
    let type = TensorType(.float32, 1, 1, 2, 2)
    let p = [0.5, 0.25, 1, 0]
    let truth: [Double] = [1, 0, 2, 0]
    let loss = try Self.value([Reference(type, p), Reference(type, truth)]) {
      try $0.lackOfOverlap($1[0], $1[1])
    }
    let expected = 1 - (2 * 2.5 + 1) / (2.5 + 5 + 1)
    #expect(Self.near(loss.values[0], expected))
  }

  @Test func errorsOverTheirBound() throws {
    let type = TensorType(.float32, 2, 2)
    let inputs = [[1, 2, 3, 4], [1.5, 2, 1, 5], [0.25, 1, 2, 0.5]].map { Reference(type, $0) }
    let loss = try Self.value(inputs) {
      try $0.squaredErrorOverBound($1[0], $1[1], bound: $1[2])
    }
    #expect(Self.near(loss.values[0], 9.0 / 4))
  }

  @Test func discrepancyOfPoints() throws {
    let (batch, n, m, axes) = (2, 3, 4, 3)
    let inputs = [
      Reference.random([batch, n, axes], -90...90, seed: 1),
      Reference.random([batch, n, 1], 0...2, seed: 2),
      Reference.random([batch, m, axes], -90...90, seed: 3),
      Reference.random([batch, m, 1], 0...2, seed: 4),
    ]
    let sigmas = [64.0, 320]
    let loss = try Self.value(inputs) {
      try $0.squaredDiscrepancy(($1[0], $1[1]), ($1[2], $1[3]), sigmas: sigmas)
    }
    // As one set, in which the points of b have negative weights.
    var expected = 0.0
    for frame in 0..<batch {
      let all = [(0, n, 1.0), (2, m, -1.0)].flatMap { first, count, sign in
        (0..<count).map { point in
          let at = (frame * count + point) * axes
          return (
            Array(inputs[first].values[at..<at + axes]),
            sign * inputs[first + 1].values[frame * count + point]
          )
        }
      }
      for (p, w) in all {
        for (q, v) in all {
          let distance = zip(p, q).reduce(0) { $0 + abs($1.0 - $1.1) }
          expected += w * v * sigmas.reduce(0) { $0 + exp(-distance / $1) } / Double(batch)
        }
      }
    }
    #expect(abs(loss.values[0] - expected) < 1e-5)
    let same = try Self.value(Array(inputs.prefix(2))) {
      try $0.squaredDiscrepancy(($1[0], $1[1]), ($1[0], $1[1]), sigmas: sigmas)
    }
    #expect(abs(same.values[0]) < 1e-5)
  }

  @Test func blurredVolume() throws {
    let (height, width, planes, side) = (6, 7, 4, 3)
    let volume = Reference.random([2, height, width, planes], -1...1, seed: 4)
    let blurred = try Self.value([volume]) {
      try $0.blurredVolume($1[0], sigma: 0.8, side: side)
    }
    #expect(blurred.type.shape == [2, height - 2, width - 2, planes])
    var place = 0
    for frame in 0..<2 {
      for y in 1..<height - 1 {
        for x in 1..<width - 1 {
          for z in 0..<planes {
            var sum = 0.0
            for (a, b, c) in (0..<27).map({ ($0 / 9 - 1, $0 / 3 % 3 - 1, $0 % 3 - 1) })
            where (0..<planes).contains(z + c) {
              let value = volume.values[
                ((frame * height + y + a) * width + x + b) * planes + z + c]
              sum += value * exp(-Double(a * a + b * b + c * c) / (2 * 0.64))
            }
            #expect(Self.near(blurred.values[place], sum))
            place += 1
          }
        }
      }
    }
  }

  /// Each target adds 1 to the voxel that it lies in; those outside the volume are in none.
  @Test func aVolumeCountsTargets() throws {
    var settings = ExampleSettings()
    (settings.height, settings.width, settings.length, settings.movies) = (8, 9, 2, 3)
    settings.density = DrawnRange(8)
    settings.photons = DrawnRange(5000)
    guard case .astigmatic(let psf) = DeepSTORM3D().training.examples.psf else {
      Issue.record("the PSF is not astigmatic")
      return
    }
    settings.psf = .astigmatic(psf)
    let grid = VoxelGrid(
      finer: 4, planes: 5, depth: psf.zRange.lowerBound + 100...psf.zRange.upperBound - 200,
      start: 0)
    var graph = Graph()
    var draws = Draws(graph.input("clock", TensorType(.int32, 3)))
    let examples = try Examples(settings, &draws, in: &graph)
    let values = ["photons": examples.photons, "x": examples.x, "y": examples.y, "z": examples.z]
    for (name, value) in values { graph.output(name, value) }
    graph.output("volume", try examples.volume(grid, in: &graph))
    let device = CPUDevice()
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("clock", RandomNumbers.clock(seed: 3, step: 1))
    try executable.run()
    func read(_ name: String) throws -> [Double] {
      try executable.read(name).floats.map(Double.init)
    }
    let (photons, x, y, z) = (try read("photons"), try read("x"), try read("y"), try read("z"))
    var expected = [Double](repeating: 0, count: settings.frames * 32 * 36 * 5)
    let step = (grid.depth.upperBound - grid.depth.lowerBound) / 5
    var outside = 0
    for (entry, light) in photons.enumerated() where light > 0 {
      let (emitter, time) = (entry / 2, entry % 2)
      let frame = emitter / settings.room * 2 + time
      let (column, row) = (
        Int((4 * x[emitter]).rounded(.down)), Int((4 * y[emitter]).rounded(.down))
      )
      let plane = Int(((z[emitter] - grid.depth.lowerBound) / step).rounded(.down))
      if (0..<36).contains(column), (0..<32).contains(row), (0..<5).contains(plane) {
        expected[((frame * 32 + row) * 36 + column) * 5 + plane] += 1
      } else {
        outside += 1
      }
    }
    #expect(expected.reduce(0, +) > 20 && outside > 5)
    #expect(try read("volume") == expected)
  }
}
