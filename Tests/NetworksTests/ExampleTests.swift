import Foundation
import Testing

@testable import Compute
@testable import Networks

/// Simulated examples: their statistics, and that seed and step determine them.
@Suite struct ExampleTests {
  private struct Batch {
    let frames: [Double]
    let photons: [Double]
    let background: [Double]
    let leftOut: Double
  }

  private static func draw(
    _ settings: ExampleSettings, step: Int = 1, on device: any Device = CPUDevice()
  ) throws -> Batch {
    var graph = Graph()
    var draws = Draws(graph.input("clock", TensorType(.int32, 3)))
    let examples = try Examples(settings, &draws, in: &graph)
    graph.output("frames", examples.frames)
    graph.output("photons", examples.photons)
    graph.output("background", examples.background)
    graph.output("left out", examples.leftOut)
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("clock", RandomNumbers.clock(seed: 7, step: step))
    try executable.run()
    func read(_ name: String) throws -> [Double] {
      try executable.read(name).floats.map(Double.init)
    }
    return try Batch(
      frames: read("frames"), photons: read("photons"), background: read("background"),
      leftOut: read("left out")[0])
  }

  private static func settings(_ change: (inout ExampleSettings) -> Void = { _ in })
    -> ExampleSettings
  {
    var settings = ExampleSettings()
    settings.movies = 40
    settings.leastPhotons = 0
    settings.leastSignal = 0
    change(&settings)
    return settings
  }

  @Test(arguments: [(0.5, 1.0), (2.0, 3.0), (1.0, 0.3)])
  func asManyEmittersShineAsStated(_ density: Double, _ lifetime: Double) throws {
    let settings = Self.settings {
      $0.density = DrawnRange(density)
      $0.lifetime = DrawnRange(lifetime)
    }
    let batches = try (1...4).map { try Self.draw(settings, step: $0) }
    let shining = batches.reduce(0) { $0 + $1.photons.count { $0 > 0 } }
    let perFrame = Double(shining) / Double(4 * settings.frames)
    let expected = density * 16
    // Emitters of a movie are seen in several of its frames, so the count varies more than Poisson's.
    let error = (expected * (lifetime + 1) * 2 / Double(4 * settings.frames)).squareRoot()
    #expect(abs(perFrame - expected) < 4 * error + 0.01 * expected)
    #expect(batches.allSatisfy { $0.leftOut == 0 })
  }

  @Test func framesHaveTheLightThatIsStated() throws {
    let settings = Self.settings {
      $0.density = DrawnRange(1)
      $0.readVariance = DrawnRange(2)
    }
    let batch = try Self.draw(settings)
    // Emitters at the edge lose a part outside the frame.
    let light = batch.photons.reduce(0, +)
    let seen = zip(batch.frames, batch.background).reduce(0) { $0 + $1.0 - $1.1 }
    #expect(seen > 0.9 * light && seen < light)
  }

  /// Mean and variance of a pixel without emitters, for both kinds of camera.
  @Test(arguments: [0.0, 1.0]) func noiseIsThatOfTheCamera(_ multiplied: Double) throws {
    let settings = Self.settings {
      $0.density = DrawnRange(0)
      $0.background = DrawnRange(20)
      $0.readVariance = DrawnRange(9)
      $0.multiplied = multiplied
    }
    let frames = try Self.draw(settings).frames
    let mean = frames.reduce(0, +) / Double(frames.count)
    let variance = frames.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(frames.count)
    let expected = 20.0 + 9
    #expect(abs(mean - 20) < 5 * (expected / Double(frames.count)).squareRoot())
    #expect(abs(variance / expected - 1) < 5 * (2 / Double(frames.count)).squareRoot() * 1.3)
  }

  /// The logarithm of an uneven background is smooth noise around that of an even one.
  @Test func anUnevenBackgroundIsSmooth() throws {
    let settings = Self.settings {
      $0.density = DrawnRange(0)
      $0.background = DrawnRange(20)
      $0.unevenness = DrawnRange(0.3)
    }
    #expect(settings.grids == [20, 10])
    let batch = try Self.draw(settings)
    let logarithms = batch.background.map { log($0 / 20) }
    let mean = logarithms.reduce(0, +) / Double(logarithms.count)
    let deviation = (logarithms.reduce(0) { $0 + $1 * $1 } / Double(logarithms.count)).squareRoot()
    // Interpolation between values of both grids leaves about three quarters of their deviation.
    #expect(abs(mean) < 0.05 && (0.18..<0.33).contains(deviation), "\(mean), \(deviation)")
    let pixels = 40 * 40
    for index in logarithms.indices where index % pixels < pixels - 40 {
      let step = abs(logarithms[index + 40] - logarithms[index])
      guard step < 0.25 else {
        Issue.record("a step of \(step) from one row to the next")
        break
      }
    }
    // It is the same in all frames of a movie.
    #expect(batch.background[0..<1600] == batch.background[1600..<3200])
  }

  @Test func aStepCanBeRepeated() throws {
    let settings = Self.settings { $0.multiplied = 0.5 }
    let first = try Self.draw(settings)
    #expect(try Self.draw(settings).frames == first.frames)
    #expect(try Self.draw(settings, step: 2).frames != first.frames)
    let others: [any Device] = [CPUDevice(.baseline)] + Devices.openCL.devices
    for device in others {
      #expect(try Self.draw(settings, on: device).frames == first.frames, "\(device.info.name)")
    }
  }
}
