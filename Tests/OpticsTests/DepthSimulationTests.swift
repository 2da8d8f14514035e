import Foundation
import Microscopy
import Optics
import Reporting
import Testing

/// Movies of molecules with heights: the mean image is the PSF's, and the truth has the positions.
@Suite struct DepthSimulationTests {
  private let astigmatic = AstigmaticPSF(
    x: .defocus(width: 1.2, focus: 250, depth: 400, terms: []),
    y: .defocus(width: 1.3, focus: -250, depth: 400, terms: []), zRange: -600...600)

  private func settings(_ psf: DepthPSF?) -> SimulationSettings {
    SimulationSettings(
      width: 32, height: 32, frames: 40, scene: .grid(spacing: 3200, jitter: 60),
      blinking: .always(molecules: 1), photons: .fixed(photons: 20_000),
      background: .flat(level: 2), camera: Camera(offset: 10, quantumEfficiency: 0.5),
      depthPSF: psf, zRange: -500...500, seed: 3)
  }

  /// The mean of all frames compared with photons · efficiency · share + background.
  private func expectImage(
    _ simulation: Simulation, _ psf: some PointSpreadFunction, factor: Double = 1
  ) throws {
    let truth = simulation.truth
    let (x, y, z) = (truth[.x]![0], truth[.y]![0], try #require(truth[.z])[0])
    #expect(abs(z) > 1)
    let shares = psf.shares(columns: 0..<32, rows: 0..<32, x: x, y: y, z: z / factor)
    var mean = [Double](repeating: 0, count: 1024)
    for frame in 0..<40 {
      for (i, value) in simulation.pixels(of: frame).enumerated() {
        mean[i] += (Double(value) - 10) / 40
      }
    }
    var chiSquare = 0.0
    for (i, share) in shares.enumerated() {
      let expected = 0.5 * (20_000 * max(0, share.value) + 2)
      chiSquare += (mean[i] - expected) * (mean[i] - expected) / (expected / 40 + 1e-3)
    }
    // 1024 pixels: a standard deviation of 45.
    #expect(abs(chiSquare - 1024) < 230, "χ² \(chiSquare)")
  }

  @Test func anAstigmaticMoleculeIsDrawnAtItsHeight() throws {
    try expectImage(Simulation(settings(.astigmatic(astigmatic))), astigmatic)
  }

  @Test func theIndexFactorScalesHeights() throws {
    var psf = astigmatic
    psf.axial.indexFactor = 0.8
    var own = settings(.astigmatic(psf))
    own.zRange = -450...450
    try expectImage(Simulation(own), psf, factor: 0.8)
  }

  @Test func aSplineIsDrawnFromItsFile() throws {
    // Knots from the astigmatic Gaussian: 19×19 pixels, planes of 50 nm.
    let knots = (0..<29).flatMap {
      astigmatic.shares(
        columns: -9..<10, rows: -9..<10, x: 0, y: 0, z: -700 + 50 * Double($0)
      ).map(\.value)
    }
    let spline = try SplinePSF(
      interpolating: knots, columns: 19, rows: 19, planes: 29, zStep: 50, firstZ: -700)
    let own = settings(.file(path: "spline.hdf5"))
    try expectImage(Simulation(own, calibrated: .spline(spline)), spline)
    #expect(throws: SettingsError.self) { try Simulation(own) }
  }

  @Test func aPupilIsDrawn() throws {
    var pupil = PupilPSF(numericalAperture: 1.2, pixelSize: 100)
    pupil.zernike = [ZernikeTerm(n: 2, m: 2, waves: 0.1)]
    var own = settings(.pupil(pupil))
    own.zRange = 150...250
    try expectImage(Simulation(own), pupil.tabulated(zRange: 150...250))
  }

  @Test func heightsFillTheRangeAndStayWithTheirMolecules() throws {
    var own = settings(.astigmatic(astigmatic))
    own.blinking = .switching(molecules: 400, on: 3, off: 17)
    let truth = try Simulation(own).truth
    let z = try #require(truth[.z])
    #expect(z.allSatisfy { -500...500 ~= $0 })
    var heights: [Double: Set<Double>] = [:]
    for row in 0..<truth.count { heights[truth[.id]![row], default: []].insert(z[row]) }
    #expect(heights.values.allSatisfy { $0.count == 1 })
    let sorted = heights.values.map { $0.first! }.sorted()
    for share in [0.1, 0.5, 0.9] {
      let quantile = sorted[Int(share * Double(sorted.count))]
      #expect(abs(quantile - (-500 + 1000 * share)) < 120, "\(share): \(quantile)")
    }
    // The same molecules as in the flat movie.
    var flat = own
    (flat.depthPSF, flat.zRange) = (nil, nil)
    let other = try Simulation(flat).truth
    #expect(other[.x] == truth[.x] && other[.photons] == truth[.photons] && other[.z] == nil)
  }

  @Test func beadsGoThroughTheFocus() throws {
    var own = settings(.astigmatic(astigmatic))
    own.zRange = nil
    own.zStack = ZStack(first: -390, step: 20)
    own.blinking = .always(molecules: 4)
    own.scene = .grid(spacing: 1600, jitter: 20)
    let truth = try Simulation(own).truth
    #expect(truth.count == 160)
    for row in 0..<truth.count {
      #expect(truth[.z]![row] == -390 + 20 * Double(truth.frame[row]))
    }
    for molecule in 0..<4 {
      let rows = truth.frame.indices.filter { truth[.id]![$0] == Double(molecule) }
      #expect(Set(rows.map { truth[.x]![$0] }).count == 1)
    }
  }

  @Test func mapsOfASensorTakeTheCamerasPlace() throws {
    var own = settings(nil)
    own.zRange = nil
    own.blinking = .independent(perFrame: 0)
    let maps = SensorVariation(offset: 20, gain: 0.1, variance: 1)
      .maps(around: Camera(offset: 200, gain: 3, readNoise: 2), width: 32, height: 32, seed: 9)
    let simulation = try Simulation(own, maps: maps)
    #expect(simulation.maps == maps)
    let frames = (0..<40).map { simulation.pixels(of: $0) }
    for pixel in 0..<1024 {
      let mean = frames.reduce(0.0) { $0 + Double($1[pixel]) } / 40
      let expected = Double(maps.offset[pixel] + maps.gain[pixel])
      let spread = (Double(maps.variance[pixel]) + Double(maps.gain[pixel] * maps.gain[pixel]) + 1)
        .squareRoot()
      #expect(abs(mean - expected) < 5.5 * spread / 40.0.squareRoot())
    }
    own.cameraFile = "maps.hdf5"
    #expect(throws: SettingsError.self) { try Simulation(own) }
    own.width = 31
    #expect(throws: SettingsError.self) { try Simulation(own, maps: maps) }
  }

  @Test func depthsBeyondThePSFAreRefused() {
    func refusal(_ change: (inout SimulationSettings) -> Void) -> String {
      var own = settings(.astigmatic(astigmatic))
      change(&own)
      do {
        _ = try Simulation(own)
        return ""
      } catch {
        return error.description
      }
    }
    #expect(refusal { _ in }.isEmpty)
    #expect(refusal { $0.zRange = -700...0 }.contains("the PSF from -600.0 to 600.0\nhint: "))
    #expect(
      refusal { $0.zStack = ZStack(first: 0, step: 0) }.contains("z step 0 nm must be in 1...10000")
    )
    #expect(
      refusal { $0.zStack = ZStack(first: 0, step: .nan) }.contains(
        "z step nan nm must be in 1...10000"))
    #expect(refusal { $0.zStack = ZStack(first: 0, step: 1e9) }.contains("must be in 1...10000"))
    #expect(
      refusal {
        $0.depthPSF = .pupil(PupilPSF(numericalAperture: 2, pixelSize: 100))
      }.contains("numerical aperture 2.0"))
  }

  @Test func settingsWithDepthSurviveJSON() throws {
    var pupil = PupilPSF(pixelSize: 100, zernike: [ZernikeTerm(n: 2, m: 2, waves: 0.1)])
    pupil.mask = .doubleHelix(rings: 6)
    for psf in [
      .astigmatic(astigmatic), .pupil(pupil), .file(path: "a.hdf5"),
    ] as [DepthPSF] {
      var own = settings(psf)
      own.zStack = ZStack(first: 3, step: -4)
      let text = try JSONEncoder().encode(own)
      #expect(try JSONDecoder().decode(SimulationSettings.self, from: text) == own)
    }
  }
}
