import Foundation
import Reporting
import Testing

@testable import Compute
@testable import Networks

/// Spectral images of single molecules: their light, their dyes, and settings that make no sense.
@Suite struct SpectralExampleTests {
  private static func draw(
    _ settings: ExampleSettings, _ names: [String]
  ) throws -> (frames: [Double], classes: [Double]) {
    var graph = Graph()
    var draws = Draws(graph.input("clock", TensorType(.int32, 3)))
    let examples = try SpectralExamples(settings, of: names, &draws, in: &graph)
    graph.output("frames", examples.frames)
    graph.output("classes", examples.classes)
    let device = CPUDevice()
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("clock", RandomNumbers.clock(seed: 7, step: 1))
    try executable.run()
    func read(_ name: String) throws -> [Double] {
      try executable.read(name).floats.map(Double.init)
    }
    return (try read("frames"), try read("classes"))
  }

  /// The mean spectrum of each dye has its light, its mean wavelength and its width.
  @Test func spectraAreThoseOfTheDyes() throws {
    var settings = SpeNet().training.examples
    settings.movies = 600
    settings.photons = DrawnRange(4000)
    settings.spread = DrawnRange(0)
    settings.background = DrawnRange(2)
    settings.psf = .gaussian(sigma: DrawnRange(1))
    let names = SpeNet().classes
    let (frames, classes) = try Self.draw(settings, names)
    let spectra = try #require(settings.spectra)
    for (index, name) in names.enumerated() {
      let own = (0..<600).filter { classes[3 * $0 + index] == 1 }
      #expect((150...250).contains(own.count))
      // Columns without the background.
      let columns = (0..<201).map { column in
        own.reduce(0.0) { sum, frame in
          (0..<7).reduce(sum) { $0 + frames[(frame * 7 + $1) * 201 + column] - 2 }
        } / Double(own.count)
      }
      let light = columns.reduce(0, +)
      #expect(abs(light / 4000 - 1) < 0.01, "\(name): \(light)")
      let mean = columns.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element } / light
      let bands = try #require(spectra.dyes.first { $0.name == name }).bands
      let total = bands.reduce(0) { $0 + $1.light }
      let expected = bands.reduce(0) { $0 + $1.peak * $1.light } / total
      #expect(abs(600 + mean - expected) < 1.5, "\(name): \(600 + mean) nm, not \(expected)")
    }
    #expect((0..<600).allSatisfy { classes[(3 * $0)..<(3 * $0 + 3)].reduce(0, +) == 1 })
  }

  @Test func impossibleSpectraAreRefused() throws {
    let settings = SpeNet().training.examples
    #expect(throws: SettingsError.self) { try Self.draw(settings, ["AF647", "AF532"]) }
    #expect(throws: SettingsError.self) { try Self.draw(ExampleSettings(), ["AF647"]) }
    let changes: [(String, (inout SpectrumSettings) -> Void)] = [
      ("dispersion", { $0.dispersion = 0 }), ("start", { $0.start = -1 }),
      ("placeError", { $0.placeError = .nan }), ("dyes", { $0.dyes[0].bands[0].width = 0 }),
      ("dyes", { $0.dyes[1].bands = [] }),
    ]
    for (name, change) in changes {
      var training = SpeNet().training
      training.examples.spectra.map {
        var spectra = $0
        change(&spectra)
        training.examples.spectra = spectra
      }
      let error = #expect(throws: SettingsError.self) { try training.check() }
      #expect(error?.description.contains("spectra.\(name)") == true)
    }
    for system in [DeepSTORM3D(), DEFCoN(), SpeNet()] as [any TrainableSystem] {
      try system.training.check()
    }
  }
}
