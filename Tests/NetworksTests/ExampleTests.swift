import Foundation
import Microscopy
import Optics
import Reporting
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
    let x: [Double]
    let y: [Double]
    let z: [Double]
    let widths: [Double]
    /// What a network is told, for each frame.
    let readVariance: [Double]
    let pixelVariance: [Double]
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
    for (name, value) in [("x", examples.x), ("y", examples.y), ("z", examples.z)] {
      graph.output(name, value)
    }
    graph.output("widths", examples.widths)
    graph.output("read variance", examples.readVariance)
    graph.output("pixel variance", examples.pixelVariance)
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("clock", RandomNumbers.clock(seed: 7, step: step))
    try executable.run()
    func read(_ name: String) throws -> [Double] {
      try executable.read(name).floats.map(Double.init)
    }
    return try Batch(
      frames: read("frames"), photons: read("photons"), background: read("background"),
      leftOut: read("left out")[0], x: read("x"), y: read("y"), z: read("z"),
      widths: read("widths"), readVariance: read("read variance"),
      pixelVariance: read("pixel variance"))
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
    let spline = try Model.spline.psfs().drawn
    let settings = Self.settings {
      $0.multiplied = 0.5
      $0.psf = ExampleSettings.PSF(spline, path: "psf", checksum: 1)
      $0.hotPixels = .init(share: 0.01, variance: DrawnRange(20, 400))
    }
    let first = try Self.draw(settings)
    #expect(try Self.draw(settings).frames == first.frames)
    #expect(try Self.draw(settings, step: 2).frames != first.frames)
    let others: [any Device] = [CPUDevice(.baseline)] + Devices.openCL.devices
    for device in others {
      #expect(try Self.draw(settings, on: device).frames == first.frames, "\(device.info.name)")
    }
  }

  // PSFs.

  private static let astigmatic = AstigmaticPSF.typical
  private static let pupil: TabulatedPSF = {
    var pupil = PupilPSF(numericalAperture: 1.2, pixelSize: 100)
    pupil.zernike = [ZernikeTerm(n: 2, m: 2, waves: 0.1)]
    return pupil.tabulated(zRange: -300...300)
  }()

  /// A PSF as it is, and the one that examples draw.
  private enum Model: String, CaseIterable, CustomTestStringConvertible {
    case astigmatic, spline, pupil

    var testDescription: String { rawValue }

    func psfs() throws -> (truth: any PointSpreadFunction, drawn: CalibratedPSF) {
      switch self {
      case .astigmatic: return (ExampleTests.astigmatic, .astigmatic(ExampleTests.astigmatic))
      case .spline:
        let spline = try SplinePSF(
          sampling: ExampleTests.astigmatic, side: 19, zStep: 40, pixelSize: 100)
        return (ExampleTests.astigmatic, .spline(spline))
      case .pupil:
        return (ExampleTests.pupil, .spline(try ExampleTests.pupil.spline(pixelSize: 100)))
      }
    }
  }

  /// The mean image of each movie is that of the PSF at the places of its emitters, in photons.
  @Test(arguments: Model.allCases) private func emittersLookAsTheirPSF(_ model: Model) throws {
    let factor = 0.8
    var (truth, drawn) = try model.psfs()
    drawn.axial.indexFactor = factor
    let settings = Self.settings {
      $0.movies = 20
      $0.length = 3
      $0.density = DrawnRange(0.3)
      $0.photons = DrawnRange(3000)
      $0.background = DrawnRange(10)
      $0.readVariance = DrawnRange(0)
      $0.psf = ExampleSettings.PSF(drawn, path: "psf", checksum: 1)
    }
    try settings.check()
    let batch = try Self.draw(settings)
    let (heights, range) = (batch.z, drawn.zRange)
    #expect(heights.allSatisfy { range.contains($0 / factor) })
    #expect(heights.max()! > 0.9 * factor * range.upperBound)
    #expect(heights.min()! < 0.9 * factor * range.lowerBound)
    var (chiSquare, light, seen) = (0.0, 0.0, 0.0)
    let (pixels, room) = (settings.height * settings.width, settings.room)
    for movie in 0..<settings.movies {
      var expected = [Double](repeating: 0, count: settings.length * pixels)
      for emitter in movie * room..<(movie + 1) * room {
        let photons = batch.photons[emitter * settings.length..<(emitter + 1) * settings.length]
        guard photons.contains(where: { $0 > 0 }) else { continue }
        let shares = truth.shares(
          columns: 0..<settings.width, rows: 0..<settings.height, x: batch.x[emitter],
          y: batch.y[emitter], z: batch.z[emitter] / factor)
        for (time, photons) in photons.enumerated() where photons > 0 {
          for (pixel, share) in shares.enumerated() {
            expected[time * pixels + pixel] += photons * max(share.value, 0)
          }
        }
      }
      let start = movie * settings.length * pixels
      for (value, mean) in zip(batch.frames[start...], expected) {
        chiSquare += (value - mean - 10) * (value - mean - 10) / (mean + 10)
        light += mean
        seen += value - 10
      }
    }
    // χ² of Poisson numbers with mean m has the variance 2 + 1/m.
    let count = Double(settings.frames * pixels)
    #expect(abs(chiSquare / count - 1) < 5 * (2.1 / count).squareRoot(), "\(chiSquare / count)")
    #expect(
      abs(seen - light) < 5 * (light + 10 * count).squareRoot() + 0.002 * light,
      "\(seen) of \(light) photons")
  }

  /// The noise under a spline's image is that under the Gaussian from which it was sampled.
  @Test func aSplineIsAsWideAsItsGaussian() throws {
    let spline = try Model.spline.psfs().drawn
    let batch = try Self.draw(
      Self.settings { $0.psf = ExampleSettings.PSF(spline, path: "psf", checksum: 1) })
    for (emitter, z) in batch.z.enumerated().prefix(500) {
      let (x, y) = (Self.astigmatic.x.width(at: z), Self.astigmatic.y.width(at: z))
      // A pixel widens it.
      let width = ((x * x + 1.0 / 12) * (y * y + 1.0 / 12)).squareRoot().squareRoot()
      guard abs(batch.widths[2 * emitter] / width - 1) < 0.02 else {
        Issue.record("\(batch.widths[2 * emitter]) px, not \(width), at \(z) nm")
        return
      }
      #expect(batch.widths[2 * emitter] == batch.widths[2 * emitter + 1])
    }
  }

  @Test func anUnreadFileIsRefused() {
    for change in [
      { (settings: inout ExampleSettings) in settings.psf = .file(ExampleFile("psf.hdf5")) },
      { $0.camera = ExampleFile("maps.npy") },
    ] {
      #expect(throws: SettingsError.self) { try Self.draw(Self.settings(change)) }
    }
  }

  // Sensors.

  /// Maps whose pixels all differ, with this median of the variance in photoelectrons².
  private static func maps(_ width: Int, _ height: Int, median: Double = 4) -> CameraMaps {
    let count = width * height
    let gain = (0..<count).map { Float(1.5 + Double($0 % 7) / 7) }
    let variance = (0..<count).map { pixel in
      let place = Double(pixel * 7919 % count) / Double(count - 1)
      return Float(median * pow(10, 2 * place - 1)) * gain[pixel] * gain[pixel]
    }
    return CameraMaps(
      width: width, height: height, offset: Array(repeating: 100, count: count),
      variance: variance, gain: gain)
  }

  private static func dark(_ change: (inout ExampleSettings) -> Void) -> ExampleSettings {
    settings {
      $0.density = DrawnRange(0)
      $0.background = DrawnRange(0)
      change(&$0)
    }
  }

  /// Dark frames have the variance of the maps, pixel by pixel.
  @Test func darkFramesHaveTheNoiseOfTheMaps() throws {
    let maps = Self.maps(24, 16)
    let settings = Self.dark {
      ($0.width, $0.height, $0.movies, $0.length) = (24, 16, 2, 500)
      $0.use(maps, path: "maps.npy", checksum: 1)
    }
    try settings.check()
    let batch = try Self.draw(settings)
    #expect(batch.readVariance.allSatisfy { abs($0 - 4) < 0.05 })
    let pixels = 24 * 16
    var sum = 0.0
    for pixel in 0..<pixels {
      let truth = Double(maps.variance[pixel] / (maps.gain[pixel] * maps.gain[pixel]))
      let found =
        stride(from: pixel, to: batch.frames.count, by: pixels)
        .reduce(0) { $0 + batch.frames[$1] * batch.frames[$1] } / 1000
      // The standard error of a variance from 1000 values is 4.5 %.
      #expect(abs(found / truth - 1) < 0.24, "\(found), not \(truth), at \(pixel)")
      sum += found / truth
    }
    #expect(abs(sum / Double(pixels) - 1) < 5 * 0.0447 / Double(pixels).squareRoot())
  }

  /// Each movie sees a part of the sensor, all parts being as likely.
  @Test func moviesSeePartsOfTheSensor() throws {
    let maps = Self.maps(37, 29)
    let settings = Self.dark {
      ($0.width, $0.height, $0.movies, $0.length) = (24, 16, 300, 2)
      $0.use(maps, path: "maps.npy", checksum: 1)
    }
    let batch = try Self.draw(settings)
    let all = zip(maps.variance, maps.gain).map { $0 / ($1 * $1) }
    var (across, down) = (Set<Int>(), Set<Int>())
    for movie in 0..<300 {
      let start = movie * 2 * 24 * 16
      guard let place = all.firstIndex(of: Float(batch.pixelVariance[start])) else {
        Issue.record("movie \(movie) has a pixel that the maps lack")
        return
      }
      let (left, top) = (place % 37, place / 37)
      across.insert(left)
      down.insert(top)
      for frame in 0..<2 {
        for row in 0..<16 {
          let line = start + (frame * 16 + row) * 24
          let own = all[(top + row) * 37 + left..<(top + row) * 37 + left + 24]
          #expect(batch.pixelVariance[line..<line + 24].map { Float($0) } == Array(own))
        }
      }
    }
    #expect(across == Set(0...13) && down == Set(0...13))
  }

  /// Noisy pixels: how many, how noisy, for how long; and that a network is not told.
  @Test func somePixelsAreNoisy() throws {
    let settings = Self.dark {
      $0.readVariance = DrawnRange(2)
      $0.hotPixels = .init(share: 0.02, variance: DrawnRange(20, 500))
    }
    try settings.check()
    let batch = try Self.draw(settings)
    #expect(batch.readVariance.allSatisfy { $0 == 2 })
    let pixels = settings.height * settings.width
    var (logarithms, ratios) = ([Double](), [Double]())
    for movie in 0..<settings.movies {
      let start = movie * settings.length * pixels
      for pixel in start..<start + pixels where batch.pixelVariance[pixel] != 2 {
        let variance = batch.pixelVariance[pixel]
        logarithms.append(log(variance / 20) / log(25))
        let frames = (0..<settings.length).map { pixel + $0 * pixels }
        #expect(frames.allSatisfy { batch.pixelVariance[$0] == variance })
        ratios += frames.map { batch.frames[$0] * batch.frames[$0] / variance }
      }
    }
    let all = Double(settings.movies * pixels)
    let found = Double(logarithms.count)
    #expect(abs(found - 0.02 * all) < 5 * (0.02 * all).squareRoot())
    #expect(logarithms.allSatisfy { -1e-5...1.00001 ~= $0 })
    #expect(abs(logarithms.reduce(0, +) / found - 0.5) < 5 * 0.289 / found.squareRoot())
    let ratio = ratios.reduce(0, +) / Double(ratios.count)
    #expect(abs(ratio - 1) < 5 * (2 / Double(ratios.count)).squareRoot())
    // No camera with electron multiplication has them.
    var multiplied = settings
    multiplied.multiplied = 1
    #expect(try Self.draw(multiplied).pixelVariance.allSatisfy { $0 == 2 })
  }

  /// A model's file keeps the names of files, and reads those of older models.
  @Test func settingsAreKeptAsText() throws {
    var settings = ExampleSettings()
    for psf in [
      .gaussian(sigma: DrawnRange(1, 2)), .astigmatic(Self.astigmatic),
      .file(ExampleFile("psf.hdf5")), .file(ExampleFile("psf.hdf5", checksum: 7)),
    ] as [ExampleSettings.PSF] {
      settings.psf = psf
      settings.hotPixels = .init(share: 0.01, variance: DrawnRange(20, 400))
      settings.use(Self.maps(40, 40), path: "maps.npy", checksum: 9)
      let data = try JSONEncoder().encode(settings)
      #expect(try JSONDecoder().decode(ExampleSettings.self, from: data) == settings)
      #expect(data.count < 3000)
    }
    func psf(_ text: String) throws -> ExampleSettings.PSF {
      try JSONDecoder().decode(ExampleSettings.PSF.self, from: Data(text.utf8))
    }
    #expect(try psf(#"{"file": "a.h5"}"#) == .file(ExampleFile("a.h5")))
    #expect(
      try psf(#"{"gaussian": {"sigma": {"from": 1, "to": 2}}}"#)
        == .gaussian(sigma: DrawnRange(1, 2)))
    #expect(throws: DecodingError.self) { try psf("{}") }
    #expect(throws: DecodingError.self) { try psf(#"{"airy": {"_0": 1}}"#) }
  }
}
