import Compute
import Foundation
import Localization
import Microscopy
import Optics
import Testing

/// What detectors find at their thresholds: the same molecules whatever else is in the frame, and
/// hardly anything in empty frames.
@Suite struct DetectionTests {
  /// What is added to every frame, at its centre.
  enum Light: CaseIterable { case hotPixel, bead, deadPixel }

  private static let camera = Camera(offset: 100, gain: 2, readNoise: 1.5)
  private let side = 256

  private func movie(
    molecules: Int, background: Double, frames: Int, camera: Camera = camera,
    sensor: SensorVariation? = nil
  ) throws -> EditedMovie {
    EditedMovie(
      try Simulation(
        SimulationSettings(
          width: side, height: side, frames: frames, psf: GaussianPSF(sigma: 1.25),
          scene: .grid(spacing: 3000, jitter: 50), blinking: .always(molecules: molecules),
          photons: .fixed(photons: 1500), background: .flat(level: background), camera: camera,
          sensor: sensor, seed: 7)))
  }

  private func add(_ light: Light, to movie: EditedMovie) {
    let (bead, place) = (GaussianPSF(sigma: 1.25), side / 2)
    for frame in 0..<movie.info.frames {
      for v in place - 8...place + 8 {
        for u in place - 8...place + 8 {
          let at = (frame * side + v) * side + u
          let isCentre = u == place && v == place
          switch light {
          case .hotPixel: if isCentre { movie.pixels[at] = 65535 }
          case .deadPixel: if isCentre { movie.pixels[at] = 0 }
          case .bead:
            let share = bead.share(column: u, row: v, x: Double(place), y: Double(place))
            movie.pixels[at] = UInt16(min(Double(movie.pixels[at]) + 200_000 * share, 65535))
          }
        }
      }
    }
  }

  /// The spots of each frame, (x, y), without those at the light.
  private func spots(
    _ detector: Detector, in movie: EditedMovie, camera: Camera = camera
  ) throws -> [[SIMD2<Double>]] {
    var settings = LocalizationSettings()
    settings.detection.detector = detector
    var psf: CalibratedPSF?
    if detector.kind == .psf {
      psf = .astigmatic(.typical)
      settings.fit.spot = .psf(PSFFile("astigmatic"))
    }
    let frames = movie.info.frames
    let stage = try FitStage(
      settings, camera: camera, maps: nil, psf: psf, width: side, height: side,
      pixel: movie.info.pixel)
    let graph = try stage.detectionGraph(
      BatchShape(leading: 0, frames: frames, trailing: 0), capacity: 20_000)
    let device = CPUDevice(threads: 2)
    let executable = try device.compile(Plan(graph, for: device.info))
    if movie.info.pixel == .uint16 {
      try executable.write("frames", movie.pixels)
    } else {
      try executable.write("frames", movie.floats)
    }
    try executable.run()
    let total = Int(try executable.read("total").values[0])
    try #require(total <= 20_000)
    let peaks = try executable.read("peaks").values
    var found = [[SIMD2<Double>]](repeating: [], count: frames)
    for row in 0..<total {
      let (x, y) = (peaks[3 * row + 2], peaks[3 * row + 1])
      if max(abs(x - Double(side / 2)), abs(y - Double(side / 2))) > 12 {
        found[Int(peaks[3 * row])].append(SIMD2(x, y))
      }
    }
    return found
  }

  /// How many of the 60 molecules on the grid are among the spots.
  private func molecules(_ spots: [SIMD2<Double>]) -> Int {
    (0..<60).count { i in
      let place = SIMD2(22.5 + 30 * Double(i % 8), 22.5 + 30 * Double(i / 8))
      return spots.contains { (($0 - place) * ($0 - place)).sum() <= 4 }
    }
  }

  private static let detectors: [Detector] = [
    Detector(.wavelet), Detector(.dog), .gradient(threshold: 1500), Detector(.psf),
  ]

  @Test(arguments: detectors, Light.allCases)
  func oneLightHidesNoMolecule(_ detector: Detector, _ light: Light) throws {
    let movie = try movie(molecules: 60, background: 10, frames: 4)
    for found in try spots(detector, in: movie) { #expect(molecules(found) == 60) }
    add(light, to: movie)
    for found in try spots(detector, in: movie) { #expect(molecules(found) == 60) }
  }

  /// False positives in a frame of 256×256 pixels, at the default thresholds. The gradient's is in
  /// camera counts, so it depends on the gain.
  @Test(arguments: [Detector.Kind.wavelet, .dog, .psf], [1.0, 10, 100, 500])
  func emptyFrames(_ kind: Detector.Kind, _ background: Double) throws {
    let movie = try movie(molecules: 0, background: background, frames: 20)
    func perFrame() throws -> Double {
      Double(try spots(Detector(kind), in: movie).joined().count) / 20
    }
    let own = try perFrame()
    #expect(own < 0.3)
    for light in [Light.hotPixel, .bead] {
      add(light, to: movie)
      #expect(try perFrame() <= own + 0.1)
    }
  }

  /// Where nearly all pixels are alike the median says nothing, and it does not see the tail of an EM
  /// register's noise.
  @Test(arguments: [
    Camera(offset: 100), Camera(offset: 200, gain: 20.0 / 300, emGain: 300, readNoise: 74.4),
  ]) func sparsePhotonsAreNoMolecules(_ camera: Camera) throws {
    for background in [0.0, 0.01, 0.05, 0.1, 0.3, 1, 2] {
      let movie = try movie(molecules: 0, background: background, frames: 20, camera: camera)
      let found = try spots(Detector(.wavelet), in: movie, camera: camera).joined().count
      #expect(found < 60, "background \(background)")
    }
  }

  /// Masked parts have no noise, so the threshold elsewhere stays. 183 is a number whose calibrated
  /// value leaves rounding errors in the filter.
  @Test(arguments: [0, 100, 183] as [UInt16]) func masksDoNotLowerTheThreshold(_ level: UInt16)
    throws
  {
    let camera = Camera(offset: 100, gain: 2.1, readNoise: 1.5)
    let movie = try movie(molecules: 60, background: 10, frames: 4, camera: camera)
    let top = try spots(Detector(.wavelet), in: movie, camera: camera).map {
      $0.filter { $0.y < 90 }
    }
    for frame in 0..<4 {
      for pixel in 100 * side..<side * side { movie.pixels[frame * side * side + pixel] = level }
    }
    let masked = try spots(Detector(.wavelet), in: movie, camera: camera)
    #expect(masked.map { $0.filter { $0.y < 90 } } == top)
    #expect(masked.allSatisfy { $0.allSatisfy { $0.y < 108 } })
  }

  /// In crowded frames the spread of the plane is mostly signal: 2.5 times the noise at 400
  /// molecules, and dim molecules were lost among bright ones.
  @Test func brightNeighboursHideNoDimMolecule() throws {
    let movie = try movie(molecules: 60, background: 10, frames: 2)
    let alone = try spots(Detector(.wavelet), in: movie)
    // 49 brighter molecules between the points of the grid.
    let bright = GaussianPSF(sigma: 1.25)
    for frame in 0..<2 {
      for i in 0..<49 {
        let (x, y) = (37 + 30 * (i % 7), 37 + 30 * (i / 7))
        for v in y - 6...y + 6 {
          for u in x - 6...x + 6 {
            let share = bright.share(column: u, row: v, x: Double(x), y: Double(y))
            movie.pixels[(frame * side + v) * side + u] += UInt16(2 * 20_000 * share)
          }
        }
      }
    }
    let crowded = try spots(Detector(.wavelet), in: movie)
    for (before, after) in zip(alone, crowded) {
      #expect(molecules(before) == 60)
      #expect(molecules(after) == 60)
    }
  }
}
