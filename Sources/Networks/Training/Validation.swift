import Compute
import Reporting

/// The loss and the emitters of a training's network on simulated movies that it is not trained on.
///
/// It shares the training's parameters on the device, and its examples are drawn as in training but
/// from another seed, so they are always the same.
package final class Validation {
  /// What the network answered, and what is true.
  package struct Result: Sendable {
    package var loss = 0.0
    package var terms: [String: Double] = [:]
    /// Rows of the network's list; empty if it finds no emitters.
    package var list = EmitterList()
    /// The emitters that it should find, in the order of frames.
    package var targets: [Target] = []
    /// The share of frames whose class it finds most probable; nil if the examples have no classes.
    package var accuracy: Double?
  }

  /// An emitter in a frame.
  package struct Target: Sendable {
    package var frame: Int
    /// px.
    package var x: Double
    package var y: Double
    /// nm.
    package var z: Double
    /// Effective counts.
    package var photons: Double
    /// Effective counts per pixel.
    package var background: Double
    /// Of a typical pixel, effective counts².
    package var readVariance: Double
    /// Widths of the PSF, px; see `Examples.widths`.
    package var widths: (x: Double, y: Double)
  }

  private let settings: ExampleSettings
  private let seed: UInt64
  private let executable: any Executable
  private let terms: [String]
  private let head: NetworkHead?
  private let truth: ExampleTruth

  init(
    _ system: any TrainableSystem, _ settings: TrainingSettings, on device: any Device,
    _ store: any ParameterStore
  ) throws {
    self.settings = settings.examples
    seed = ~settings.seed
    var graph = Graph()
    let clock = graph.input("clock", TensorType(.int32, 3))
    let learning = try Learning(system, settings.examples, clock: clock, learns: false, in: &graph)
    graph.output("loss", learning.loss)
    for term in learning.terms { graph.output("part " + term.name, term.value) }
    terms = learning.terms.map(\.name)
    let pixels = settings.examples.height * settings.examples.width
    head = system.task.list(room: settings.examples.frames * max(64, pixels / 8))
    try head?.attach(to: learning.results, in: &graph)
    truth = learning.examples.truth
    switch truth {
    case .emitters(let examples):
      for (name, value) in [
        "true photons": examples.photons, "true x": examples.x, "true y": examples.y,
        "true z": examples.z, "widths": examples.widths, "background": examples.background,
        "read variance": examples.readVariance,
      ] { graph.output(name, value) }
    case .classes(let classes):
      graph.output("right", try graph.accuracy(of: learning.results[0].value, classes))
    }
    executable = try device.compile(Plan(graph, for: device.info), store: store)
  }

  /// Frames of one batch.
  package var frames: Int { settings.frames }

  /// - Parameters:
  ///   - batches: how many batches to draw.
  ///   - cancellation: looked at before each.
  package func run(batches: Int, until cancellation: Cancellation) throws -> Result {
    var result = Result()
    for batch in 0..<batches {
      try cancellation.check()
      try executable.write("clock", RandomNumbers.clock(seed: seed, step: batch + 1))
      try executable.run()
      func number(_ name: String) throws -> Double { Double(try executable.read(name).floats[0]) }
      result.loss += try number("loss") / Double(batches)
      for term in terms {
        result.terms[term, default: 0] += try number("part " + term) / Double(batches)
      }
      if let head {
        if batch == 0 { result.list.start(head) }
        try result.list.add(executable, head, firstFrame: batch * frames)
      }
      switch truth {
      case .emitters: try addTargets(batch, to: &result.targets)
      case .classes:
        result.accuracy = try (result.accuracy ?? 0) + number("right") / Double(batches)
      }
    }
    result.list.finish()
    return result
  }

  private func addTargets(_ batch: Int, to targets: inout [Target]) throws {
    func floats(_ name: String) throws -> [Float] { try executable.read(name).floats }
    let (photons, widths) = (try floats("true photons"), try floats("widths"))
    let (x, y, z) = (try floats("true x"), try floats("true y"), try floats("true z"))
    let (background, variance) = (try floats("background"), try floats("read variance"))
    let (length, room) = (settings.length, settings.room)
    for frame in 0..<frames {
      for emitter in frame / length * room..<(frame / length + 1) * room {
        let light = photons[emitter * length + frame % length]
        guard light > 0 else { continue }
        let row = min(max(Int(y[emitter].rounded()), 0), settings.height - 1)
        let column = min(max(Int(x[emitter].rounded()), 0), settings.width - 1)
        targets.append(
          Target(
            frame: batch * frames + frame, x: Double(x[emitter]), y: Double(y[emitter]),
            z: Double(z[emitter]), photons: Double(light),
            background: Double(
              background[(frame * settings.height + row) * settings.width + column]),
            readVariance: Double(variance[frame]),
            widths: (Double(widths[2 * emitter]), Double(widths[2 * emitter + 1]))))
      }
    }
  }
}
