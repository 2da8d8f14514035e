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
    var volume = DeepSTORM3D()
    (volume.features, volume.planes, volume.dilations, volume.peak) = (2, 3, [1, 2], 20)
    volume.depth = [-600, 600]
    var count = DEFCoN()
    count.features = 4
    return [
      ("FID-STORM", fid), ("Deep-STORM", deep), ("DECODE of its authors", authors),
      ("DECODE of the paper", paper),
      ("DECODE in units of noise", stabilised),
      ("DeepSTORM3D", volume), ("DEFCoN", count), ("SpeNet", SpeNet()),
    ]
  }()

  private static func settings(_ system: any TrainableSystem) -> TrainingSettings {
    var settings = TrainingSettings()
    settings.examples.psf = system.training.examples.psf
    if let size = system.inputSize {
      settings.examples = system.training.examples
      (settings.examples.movies, settings.examples.length) = (4, 1)
      settings.examples.height = size.height
      return settings
    }
    settings.examples.height = 8
    settings.examples.width = 12
    settings.examples.movies = 2
    settings.examples.length = 3
    settings.examples.density = DrawnRange(1, 3)
    settings.examples.photons = DrawnRange(1000, 3000)
    return settings
  }

  /// A graph of the parts of the loss and, if wanted, the gradients.
  private static func graph(
    _ system: any TrainableSystem, withGradients: Bool
  ) throws -> (graph: Graph, terms: [LossTerm]) {
    var graph = Graph()
    let clock = graph.input("clock", TensorType(.int32, 3))
    let examples = settings(system).examples
    let learning = try Learning(system, examples, clock: clock, learns: true, in: &graph)
    for term in learning.terms { graph.output(term.name, term.value) }
    guard withGradients else { return (graph, learning.terms) }
    for (parameter, gradient) in try learning.gradients(in: &graph) {
      graph.output("d \(parameter.name)", gradient)
    }
    return (graph, learning.terms)
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
    for name in start.names {
      var values = Reference(try #require(start[name]))
      // Where all inputs of a layer are 0, a bias of 0 puts its result on the kink of a ReLU.
      if name.hasSuffix("bias") { values.values = values.values.map { $0 + 0.03 } }
      inputs[name] = values
    }
    let found = try Self.graph(system, withGradients: true).graph.evaluate(inputs)
    let (plain, terms) = try Self.graph(system, withGradients: false)
    var compared = 0
    for parameter in network.parameters where parameter.trained {
      let gradient = try #require(found["d \(parameter.name)"])
      // Zeros of the layout are not part of the network.
      let mask = parameter.graphMask?.floats
      let places = gradient.values.indices.filter { mask?[$0] != 0 }
      func sum(_ values: [String: Reference]) -> Double {
        terms.filter { $0.teaches(parameter.name) }.reduce(0) { $0 + values[$1.name]!.values[0] }
      }
      let total = sum(found)
      for place in Set([places[0], places[places.count / 3], places[places.count - 1]]) {
        func loss(_ change: Double) -> Double {
          var changed = inputs
          changed[parameter.name]?.values[place] += change
          return sum(plain.evaluate(changed))
        }
        let step = 1e-6
        let slope = (loss(step) - loss(-step)) / (2 * step)
        let expected = gradient.values[place]
        #expect(
          abs(slope - expected) <= 2e-3 * max(abs(expected), 0.05 * abs(total)),
          "\(parameter.name)[\(place)]: \(expected), by difference \(slope)")
        compared += abs(expected) > 1e-3 * abs(total) ? 1 : 0
      }
    }
    #expect(compared > network.parameters.count)
  }

  /// A few steps on the same kind of examples lower the loss.
  @Test(arguments: [
    ("DECODE of its authors", 2e-3, 80, 0.7), ("DeepSTORM3D", 5e-3, 200, 0.8),
    ("DEFCoN", 5e-3, 500, 0.75), ("SpeNet", 1e-2, 60, 0.3),
  ])
  func stepsLowerTheLoss(_ name: String, _ rate: Double, _ steps: Int, _ share: Double) throws {
    let system = Self.small.first { $0.name == name }!.system
    var settings = Self.settings(system)
    settings.rate = rate
    settings.rule = system.training.rule
    settings.clip = system.training.clip
    settings.schedule = .constant
    let trainer = try Trainer(system, settings, on: CPUDevice())
    let first = try (0..<10).map { _ in try trainer.advance().loss }.reduce(0, +)
    for _ in 0..<steps { _ = try trainer.advance() }
    let last = try (0..<10).map { _ in try trainer.advance().loss }.reduce(0, +)
    #expect(last < share * first, "from \(first) to \(last)")
  }

  /// An interrupted training continues with the same bits.
  @Test func aCheckpointContinuesWithTheSameBits() throws {
    let system = Self.small[3].system
    let whole = try Trainer(system, Self.settings(system), on: CPUDevice())
    for _ in 0..<6 { _ = try whole.advance() }
    let first = try Trainer(system, Self.settings(system), on: CPUDevice())
    for _ in 0..<3 { _ = try first.advance() }
    let second = try Trainer(
      system, Self.settings(system), on: CPUDevice(), from: first.checkpoint)
    for _ in 0..<3 { _ = try second.advance() }
    let (a, b) = (try whole.checkpoint, try second.checkpoint)
    #expect(a.progress.step == 6 && a.progress == b.progress)
    for name in a.values.names { #expect(a.values[name] == b.values[name], "\(name)") }
  }
}
