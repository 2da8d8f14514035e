import Foundation
import Testing

@testable import Compute
@testable import Networks

/// Twenty training steps, compared with PyTorch's from the same data and weights.
///
/// `Tools/golden/curves.py` made the numbers in `Golden`; it says how.
@Suite struct GoldenCurveTests {
  private struct Curve: Decodable {
    var double: [Double]
    var single: [Double]
  }

  private static let systems: [String: any TrainableSystem] = {
    var decode = DECODE()
    decode.features = 4
    decode.results = DECODE.ResultScale(photons: 4000, z: 1000, background: 120)
    decode.scaling = InputScaling(scale: 0.02, shift: -0.4)
    var fid = FIDSTORM()
    (fid.features, fid.depth) = (8, 2)
    var deep = DeepSTORM()
    (deep.features, deep.magnification) = (4, 2)
    var volume = DeepSTORM3D()
    (volume.features, volume.planes, volume.dilations, volume.peak) = (4, 5, [1, 2], 40)
    volume.depth = [-600, 600]
    var count = DEFCoN()
    // PyTorch cannot drop the same values.
    (count.features, count.dropout) = (4, 0)
    return [
      "decode": decode, "fid-storm": fid, "deep-storm": deep, "deepstorm3d": volume,
      "defcon": count, "spenet": SpeNet(),
    ]
  }()

  private static func settings(_ system: any TrainableSystem) -> TrainingSettings {
    var settings = TrainingSettings()
    settings.rate = 1e-4
    settings.schedule = .constant
    if system.inputSize != nil {
      settings.examples = system.training.examples
      settings.examples.movies = 12
      return settings
    }
    settings.examples.psf = system.training.examples.psf
    settings.examples.height = 16
    settings.examples.width = 20
    settings.examples.movies = 3
    settings.examples.length = 4
    settings.examples.density = DrawnRange(0.1, 3)
    settings.examples.photons = DrawnRange(1000, 3000)
    return settings
  }

  @Test(arguments: systems.keys.sorted())
  func lossesFollowPyTorch(_ name: String) throws {
    let system = try #require(Self.systems[name])
    let trainer = try Trainer(system, Self.settings(system), on: CPUDevice())
    if let folder = ProcessInfo.processInfo.environment["GLINT_WRITE_GOLDEN"] {
      try Self.write(system, trainer, to: folder + "/" + name)
    }
    let losses = try (0..<20).map { _ in try trainer.advance().loss }
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/\(name).json")
    let golden = try JSONDecoder().decode(Curve.self, from: Data(contentsOf: path))
    try #require(golden.double.count == 20 && golden.single.count == 20)
    func distances(_ losses: [Double]) -> [Double] {
      zip(losses, golden.double).map { abs($0 - $1) / abs($1) }
    }
    let (own, single) = (distances(losses), distances(golden.single))
    #expect(own[0] < 1e-5, "the first loss differs by \(own[0])")
    // Every step starts where the last one ended, so rounding grows, in PyTorch too.
    func checkCurve() {
      #expect(
        own.max()! <= 3 * single.max()!,
        "\(own.max()!) from double precision, PyTorch in single precision \(single.max()!)")
    }
    if name == DeepSTORM.name {
      withKnownIssue("Deep-STORM's curve is about five times as far; why is not known") {
        checkCurve()
      }
    } else {
      checkCurve()
    }
    #expect(single.max()! < 0.01)
  }

  /// Weights, and what the network and its loss see in each step.
  private static func write(
    _ system: some TrainableSystem, _ trainer: Trainer, to folder: String
  ) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try SafeTensors.write(trainer.weights, to: folder + "/weights.safetensors")
    var graph = Graph()
    var draws = Draws(graph.input("clock", TensorType(.int32, 3)))
    let settings = settings(system)
    let drawn = try system.draw(settings.examples, &draws, in: &graph)
    var values = ["frames": drawn.frames]
    switch drawn.truth {
    case .emitters(let examples):
      values["photons"] = examples.photons
      (values["x"], values["y"], values["z"]) = (examples.x, examples.y, examples.z)
      values["background"] = examples.background
    case .classes(let classes): values["classes"] = classes
    }
    for (name, value) in values { graph.output(name, value) }
    let device = CPUDevice()
    let executable = try device.compile(Plan(graph, for: device.info))
    for step in 1...20 {
      try executable.write("clock", RandomNumbers.clock(seed: settings.seed, step: step))
      try executable.run()
      var tensors: [String: Tensor] = [:]
      for name in values.keys { tensors[name] = try executable.read(name) }
      try SafeTensors.write(Weights(tensors), to: folder + "/\(step).safetensors")
    }
  }
}
