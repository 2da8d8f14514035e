import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting
import TestConditions
import TestSupport
import Testing
import Workflow

/// Movies of molecules at known heights, localized with a PSF that depends on z.
@Suite struct AxialRunTests {
  /// Frames of 64×64 px with four molecules each, far apart, of 3000 photons over 5.
  final class HeightMovie: Movie {
    let info: MovieInfo
    let pixels: [UInt16]
    /// frame, x, y, z of each molecule.
    let truth: [(frame: Int, x: Double, y: Double, z: Double)]

    init(_ psf: some PointSpreadFunction, frames: Int, camera: Camera) {
      var random = RandomStream(seed: 3)
      var truth: [(frame: Int, x: Double, y: Double, z: Double)] = []
      var pixels: [UInt16] = []
      for frame in 0..<frames {
        var light = [Double](repeating: 5, count: 64 * 64)
        for (left, top) in [(16.0, 16.0), (48, 16), (16, 48), (48, 48)] {
          let (x, y) = (left + random.uniform() - 0.5, top + random.uniform() - 0.5)
          let z = random.uniform() * 900 - 450
          truth.append((frame, x, y, z))
          let shares = psf.shares(columns: 0..<64, rows: 0..<64, x: x, y: y, z: z)
          for (k, share) in shares.enumerated() { light[k] += 3000 * share.value }
        }
        pixels += light.map { mean in
          let electrons =
            Double(random.poisson(max(mean, 0))) + camera.readNoise * random.normal()
          return UInt16(max(camera.offset + camera.gain * electrons, 0).rounded())
        }
      }
      (self.pixels, self.truth) = (pixels, truth)
      info = MovieInfo(
        width: 64, height: 64, frames: frames, pixel: .uint16, format: "memory",
        storage: "uint16")
    }

    func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
      pixels.withUnsafeBytes {
        buffer.copyMemory(
          from: .init(
            rebasing: $0[frames.lowerBound * info.frameBytes..<frames.upperBound * info.frameBytes])
        )
      }
    }
  }

  private static func recipe(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
    var recipe = Recipe()
    recipe.pixelSize = 100
    recipe.camera = Camera(offset: 100, gain: 2, readNoise: 1)
    recipe.detection.threshold = 2
    recipe.fit.box = 13
    recipe.fit.spot = .psf(PSFFile("psf.yaml"))
    change(&recipe)
    return recipe
  }

  private static let movie = HeightMovie(
    AstigmaticPSF.typical, frames: 12, camera: recipe().camera)

  static func spline() throws -> SplinePSF {
    try SplinePSF(sampling: AstigmaticPSF.typical, side: 21, zStep: 40, pixelSize: 100)
  }

  private static func localize(
    _ recipe: Recipe, psf: CalibratedPSF, on device: any Device = CPUDevice(threads: 2)
  ) throws -> Localizations {
    let info = movie.info
    let region = PixelRegion(x: 0, y: 0, width: info.width, height: info.height)
    let run = try LocalizeRun(
      movie, stage: try recipe.stage(nil, psf: psf, for: region, in: info),
      frames: 0..<info.frames, region: region, devices: [device], threads: 2)
    let rows = RowCollector()
    _ = try run.run(into: [rows])
    return rows.table
  }

  /// Root mean square of z errors relative to their bound, and of the errors themselves, nm.
  private static func score(_ table: Localizations) throws -> (ratio: Double, error: Double) {
    let (x, y) = (try #require(table[.x]), try #require(table[.y]))
    let (z, errors) = (try #require(table[.z]), try #require(table[.zError]))
    var (ratios, squares, found) = (0.0, 0.0, 0)
    for (frame, tx, ty, tz) in movie.truth {
      let near = table.frame.indices.filter {
        table.frame[$0] == frame && abs(x[$0] - tx) < 1 && abs(y[$0] - ty) < 1
      }
      guard near.count == 1 else { continue }
      found += 1
      let error = z[near[0]] - tz
      squares += error * error
      ratios += error * error / (errors[near[0]] * errors[near[0]])
    }
    try #require(found >= 42, "\(found) of \(movie.truth.count) found")
    return ((ratios / Double(found)).squareRoot(), (squares / Double(found)).squareRoot())
  }

  @Test func zOfMoleculesComesBackWithItsError() throws {
    for psf in [CalibratedPSF.astigmatic(.typical), .spline(try Self.spline())] {
      let table = try Self.localize(Self.recipe(), psf: psf)
      let score = try Self.score(table)
      #expect(0.7...1.4 ~= score.ratio, "\(score)")
      #expect(score.error < 40)
    }
  }

  /// With an EM register every bound is √2 larger, and fits reach it in z too.
  @Test func emGainLeavesTheBoundInReach() throws {
    let camera = Camera(
      offset: 100, gain: 0.02, emGain: 300, quantumEfficiency: 0.9, readNoise: 74.4)
    let movie = try Simulation(
      SimulationSettings(
        width: 100, height: 100, frames: 60, scene: .grid(spacing: 2500, jitter: 100),
        blinking: .independent(perFrame: 10), photons: .fixed(photons: 3000),
        background: .flat(level: 10), camera: camera, depthPSF: .astigmatic(.typical),
        zRange: -400...400))
    var recipe = Self.recipe()
    recipe.camera = camera
    let region = PixelRegion(x: 0, y: 0, width: 100, height: 100)
    for psf in [CalibratedPSF.astigmatic(.typical), .spline(try Self.spline())] {
      let run = try LocalizeRun(
        movie, stage: try recipe.stage(nil, psf: psf, for: region, in: movie.info),
        frames: 0..<60, region: region, devices: [CPUDevice(threads: 2)], threads: 2)
      let rows = RowCollector()
      _ = try run.run(into: [rows])
      let score = try Score(
        of: rows.table, against: movie.truth, settings: ScoreSettings(),
        bound: TruthBound(
          psf: psf, gaussian: GaussianPSF(sigma: 1), box: 13, camera: camera, maps: nil))
      #expect(score.recall > 0.97 && score.precision > 0.97, "\(score)")
      let ratios = [
        score.xErrorRatio, score.yErrorRatio, score.zErrorRatio, score.zErrorOverBound,
      ]
      for ratio in ratios {
        #expect(0.88...1.12 ~= (ratio?.spread ?? 0), "\(String(describing: ratio))")
      }
    }
  }

  @Test func widthsGiveNearlyTheSame() throws {
    let recipe = Self.recipe {
      $0.fit.spot = .widths(GaussianFit(.elliptical), PSFFile("psf.yaml"))
    }
    let table = try Self.localize(recipe, psf: .astigmatic(.typical))
    let score = try Self.score(table)
    #expect(score.error < 60 && 0.6...1.8 ~= score.ratio, "\(score)")
    #expect(table[Quantity("d_zcalib", .none)]?.allSatisfy { $0 < 1 } == true)
    #expect(table[.sigmaXError] != nil)
  }

  @Test func columnsSayWhatWasFitted() throws {
    let direct = try Self.localize(Self.recipe(), psf: .astigmatic(.typical))
    #expect(
      direct.quantities.prefix(7) == [.x, .y, .z, .photons, .background, .sigmaX, .sigmaY])
    #expect(direct[.sigmaXError] == nil)
    let row = try #require(direct[.z]?.first)
    #expect(abs(direct[.sigmaX]![0] - AstigmaticPSF.typical.x.width(at: row)) < 1e-9)
    let spline = try Self.localize(Self.recipe(), psf: .spline(try Self.spline()))
    #expect(spline[.sigmaX] == nil && spline[.zError] != nil)
  }

  @Test func theIndexFactorScalesZ() throws {
    let one = try Self.localize(Self.recipe(), psf: .astigmatic(.typical))
    let scaled = try Self.localize(
      Self.recipe { $0.fit.spot = .psf(PSFFile("psf.yaml", indexFactor: 0.75)) },
      psf: .astigmatic(.typical))
    var stated = AstigmaticPSF.typical
    stated.axial.indexFactor = 0.75
    let byFile = try Self.localize(Self.recipe(), psf: .astigmatic(stated))
    for row in one.frame.indices {
      #expect(abs(scaled[.z]![row] - 0.75 * one[.z]![row]) < 1e-9)
      #expect(abs(scaled[.zError]![row] - 0.75 * one[.zError]![row]) < 1e-9)
    }
    #expect(byFile[.z] == scaled[.z])
  }

  @Test(.openCL)
  func rowsAreTheSameOnAnotherDevice() throws {
    let other = try #require(Devices.all.first { $0.info.kind != .cpu })
    for psf in [CalibratedPSF.astigmatic(.typical), .spline(try Self.spline())] {
      let here = try Self.localize(Self.recipe(), psf: psf)
      let there = try Self.localize(Self.recipe(), psf: psf, on: other)
      #expect(Outcome.rows(of: here) == Outcome.rows(of: there))
    }
  }

  @Test func anotherPixelSizeIsRefused() throws {
    let recipe = Self.recipe { $0.pixelSize = 160 }
    let error = #expect(throws: SettingsError.self) {
      try Self.localize(recipe, psf: .spline(try Self.spline()))
    }
    #expect(error?.description.contains("pixels of 100.0 nm, the movie has 160.0 nm") == true)
  }

  @Test func everyOutputSaysWhatZMeans() throws {
    try withScratchFolder { folder in
      let outputs = ["locs.csv", "locs.hdf5"].map { folder.appendingPathComponent($0).path }
      var psf = AstigmaticPSF.typical
      psf.axial.indexFactor = 0.8
      let job = LocalizeJob(
        source: Self.movie, recipe: Self.recipe(), maps: nil, psf: .astigmatic(psf),
        devices: [CPUDevice(threads: 2)], threads: 2, outputs: outputs)
      let report = try job.run()
      #expect(report.notes.contains { $0.hasPrefix("z grows with") })
      for name in ["locs-protocol.txt", "locs.yaml"] {
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        #expect(text.contains("grows with the molecule's height"), "\(name)")
        #expect(text.contains("times 0.8 for refractive indices"), "\(name)")
      }
      let header = try String(contentsOfFile: outputs[0], encoding: .utf8).prefix(400)
      #expect(header.contains("\"z [nm]\"") && header.contains("\"uncertainty_z [nm]\""))
    }
  }
}
