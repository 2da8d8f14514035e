import Testing

@testable import Compute
@testable import Networks

/// The loss of a whole network on simulated examples, with its gradient.
@Suite struct TrainingGradientTests {
  private static let small: [(name: String, system: any TrainableSystem)] = {
    var authors = DECODE()
    authors.features = 2
    authors.results = DECODE.ResultScale(photons: 4000, z: 1000, background: 120)
    authors.scaling = InputScaling(scale: 0.02, shift: -0.4)
    var paper = authors
    paper.layout = .paper
    paper.disabled = [3]
    var stabilised = authors
    stabilised.stabilised = true
    var fid = FIDSTORM()
    (fid.features, fid.depth) = (4, 1)
    var deep = DeepSTORM()
    (deep.features, deep.magnification) = (2, 2)
    return [
      ("FID-STORM", fid), ("Deep-STORM", deep), ("DECODE of its authors", authors),
      ("DECODE of the paper", paper),
      ("DECODE in units of noise", stabilised),
    ]
  }()

  private static var settings: TrainingSettings {
    var settings = TrainingSettings()
    settings.examples.height = 8
    settings.examples.width = 12
    settings.examples.movies = 2
    settings.examples.length = 3
    settings.examples.density = DrawnRange(1, 3)
    settings.examples.photons = DrawnRange(1000, 3000)
    return settings
  }

  /// A graph of loss and gradients, or of the loss alone.
  private static func graph(
    _ system: any TrainableSystem, withGradients: Bool
  ) throws -> Graph {
    var graph = Graph()
    let clock = graph.input("clock", TensorType(.int32, 3))
    let learning = try Learning(system, settings.examples, clock: clock, learns: true, in: &graph)
    graph.output("loss", learning.loss)
    guard withGradients else { return graph }
    for (parameter, gradient) in try learning.gradients(in: &graph) {
      graph.output("d \(parameter.name)", gradient)
    }
    return graph
  }

  /// Some elements of every parameter are changed up and down, in the reference in Double.
  @Test(arguments: small.map(\.name))
  func gradientsAgreeWithFiniteDifferences(_ name: String) throws {
    let system = Self.small.first { $0.name == name }!.system
    let network = system.network
    let start = network.learnedNumbers(
      network.initialWeights(
        system.initialWeights, system.initialBiases, seed: 3))
    var inputs = ["clock": Reference(Tensor(RandomNumbers.clock(seed: 5, step: 2), shape: [3]))]
    for name in start.names { inputs[name] = Reference(try #require(start[name])) }
    let found = try Self.graph(system, withGradients: true).evaluate(inputs)
    let plain = try Self.graph(system, withGradients: false)
    var compared = 0
    for parameter in network.parameters where parameter.trained {
      let gradient = try #require(found["d \(parameter.name)"])
      let count = gradient.values.count
      for place in Set([0, count / 3, count - 1]) {
        func loss(_ change: Double) -> Double {
          var changed = inputs
          changed[parameter.name]?.values[place] += change
          return plain.evaluate(changed)["loss"]!.values[0]
        }
        let step = 1e-6
        let slope = (loss(step) - loss(-step)) / (2 * step)
        let expected = gradient.values[place]
        #expect(
          abs(slope - expected) <= 2e-3 * max(abs(expected), 0.05 * abs(found["loss"]!.values[0])),
          "\(parameter.name)[\(place)]: \(expected), by difference \(slope)")
        compared += abs(expected) > 1e-3 * abs(found["loss"]!.values[0]) ? 1 : 0
      }
    }
    #expect(compared > network.parameters.count)
  }

  /// A few steps on the same kind of examples lower the loss.
  @Test func stepsLowerTheLoss() throws {
    var settings = Self.settings
    settings.rate = 2e-3
    settings.schedule = .constant
    let trainer = try Trainer(Self.small[2].system, settings, on: CPUDevice())
    let first = try (0..<10).map { _ in try trainer.advance().loss }
    for _ in 0..<80 { _ = try trainer.advance() }
    let last = try (0..<10).map { _ in try trainer.advance().loss }
    #expect(last.reduce(0, +) < 0.7 * first.reduce(0, +))
  }

  /// An interrupted training continues with the same bits.
  @Test func aCheckpointContinuesWithTheSameBits() throws {
    let system = Self.small[3].system
    let whole = try Trainer(system, Self.settings, on: CPUDevice())
    for _ in 0..<6 { _ = try whole.advance() }
    let first = try Trainer(system, Self.settings, on: CPUDevice())
    for _ in 0..<3 { _ = try first.advance() }
    let second = try Trainer(
      system, Self.settings, on: CPUDevice(), from: first.checkpoint)
    for _ in 0..<3 { _ = try second.advance() }
    let (a, b) = (try whole.checkpoint, try second.checkpoint)
    #expect(a.progress.step == 6 && a.progress == b.progress)
    for name in a.values.names { #expect(a.values[name] == b.values[name], "\(name)") }
  }
}
