import Foundation
import Microscopy
import Optics
import Testing

@Suite struct SimulationTests {
  private var small: SimulationSettings {
    SimulationSettings(
      width: 48, height: 32, frames: 12, blinking: .independent(perFrame: 5.5), seed: 21)
  }

  @Test func theSameSettingsGiveTheSameMovieInAnyOrderAndThread() async throws {
    let first = try Simulation(small)
    let second = try Simulation(small)
    let forward = (0..<12).map { first.pixels(of: $0) }
    let parallel = await withTaskGroup(of: (Int, [UInt16]).self) { group in
      for k in (0..<12).reversed() { group.addTask { (k, second.pixels(of: k)) } }
      return await group.reduce(into: [Int: [UInt16]]()) { $0[$1.0] = $1.1 }
    }
    #expect((0..<12).allSatisfy { parallel[$0] == forward[$0] })
    #expect(Set(forward).count == 12)
    #expect(first.truth[.x] == second.truth[.x])

    var other = small
    other.seed = 22
    #expect(try Simulation(other).pixels(of: 0) != forward[0])
    #expect(try Simulation(other).truth[.x] != first.truth[.x])
  }

  @Test func aSimulationIsAMovie() throws {
    let simulation = try Simulation(small)
    var bytes = [UInt16](repeating: 0, count: 3 * 48 * 32)
    bytes.withUnsafeMutableBytes { simulation.read(4..<7, into: $0) }
    #expect(bytes == simulation.pixels(of: 4) + simulation.pixels(of: 5) + simulation.pixels(of: 6))
    #expect(simulation.info.frameBytes == 48 * 32 * 2)
    #expect(simulation.info.frames == 12)
  }

  @Test func lightFallsWhereTheTruthSays() throws {
    var settings = small
    settings.blinking = .independent(perFrame: 1)
    settings.photons = .fixed(photons: 100_000)
    settings.background = .flat(level: 0)
    settings.camera = Camera(gain: 0.5)
    let simulation = try Simulation(settings)
    let truth = simulation.truth
    #expect(truth.count == 12)
    let inside = (0..<12).filter {
      5...42 ~= truth[.x]![$0] && 5...26 ~= truth[.y]![$0]
    }
    #expect(!inside.isEmpty)
    for row in inside {
      let pixels = simulation.pixels(of: truth.frame[row]).map { 2 * Double($0) }
      let sum = pixels.reduce(0, +)
      let x = pixels.enumerated().reduce(0) { $0 + Double($1.offset % 48) * $1.element } / sum
      let y = pixels.enumerated().reduce(0) { $0 + Double($1.offset / 48) * $1.element } / sum
      // σ/√N is 0.004 px; light varies by √N, and rounding changes it by half a count.
      #expect(abs(x - truth[.x]![row]) < 0.025)
      #expect(abs(y - truth[.y]![row]) < 0.025)
      #expect(abs(sum - truth[.photons]![row]) < 5 * 100_000.0.squareRoot() + 50)
    }
  }

  @Test func independentEmittersFillTheFieldEvenly() throws {
    var settings = small
    (settings.frames, settings.blinking) = (400, .independent(perFrame: 10.25))
    let truth = try Simulation(settings).truth
    #expect(abs(Double(truth.count) - 4100) < 5 * (400 * 0.1875).squareRoot())
    #expect(truth[.x]!.allSatisfy { -0.5..<47.5 ~= $0 })
    #expect(truth[.y]!.allSatisfy { -0.5..<31.5 ~= $0 })
    let mean = truth[.x]!.reduce(0, +) / Double(truth.count)
    #expect(abs(mean - 23.5) < 5 * 48 / (12 * Double(truth.count)).squareRoot())
    #expect(Set(truth[.id]!).count == truth.count)
    #expect(truth.frame == truth.frame.sorted())
  }

  @Test func switchingMoleculesKeepTheirTimes() throws {
    var settings = small
    (settings.frames, settings.photons) = (2000, .fixed(photons: 100))
    settings.blinking = .switching(molecules: 200, on: 3, off: 37)
    let truth = try Simulation(settings).truth
    // On for 3 of 40 frames: photons measure how long molecules were on.
    let onTime = truth[.photons]!.reduce(0, +) / 100
    let expected = 200 * 2000 * 3 / 40.0
    // Blinks are about 10,000, and each on time varies by its mean.
    #expect(abs(onTime / expected - 1) < 5 * (2 / 10_000.0).squareRoot())
    #expect(truth[.photons]!.allSatisfy { $0 > 0 && $0 <= 100 + 1e-9 })
    // The first and last frames of a blink are only partly covered.
    #expect(truth[.photons]!.contains { $0 < 50 })
    #expect(truth[.photons]!.count { abs($0 - 100) < 1e-9 } > truth.count / 4)
    // A molecule appears once per frame, always at the same position.
    var places = [Double: Set<[Double]>]()
    var rows = Set<[Double]>()
    for row in 0..<truth.count {
      places[truth[.id]![row], default: []].insert([truth[.x]![row], truth[.y]![row]])
      rows.insert([truth[.id]![row], Double(truth.frame[row])])
    }
    #expect(places.values.allSatisfy { $0.count == 1 })
    #expect(rows.count == truth.count)
  }

  @Test func photonLawsHaveTheirMeans() throws {
    let laws: [(PhotonLaw, variance: Double)] = [
      (.exponential(mean: 700), 700 * 700),
      (.logNormal(mean: 700, spread: 0.5), 700 * 700 * (exp(0.25) - 1)),
    ]
    for (law, variance) in laws {
      var settings = small
      (settings.photons, settings.blinking) = (law, .independent(perFrame: 500))
      let photons = try Simulation(settings).truth[.photons]!
      let mean = photons.reduce(0, +) / Double(photons.count)
      #expect(abs(mean - 700) < 5 * (variance / Double(photons.count)).squareRoot())
    }
  }

  @Test func settingsSurviveJSON() throws {
    var settings = small
    settings.scene = .filaments(count: 3, radius: 25, bend: 4000)
    settings.blinking = .switching(molecules: 100, on: 2, off: 50)
    settings.photons = .logNormal(mean: 900, spread: 0.3)
    settings.background = .gradient(from: 3, to: 8, angle: 45)
    settings.sensor = SensorVariation()
    settings.seed = .max
    let text = try JSONEncoder().encode(settings)
    #expect(try JSONDecoder().decode(SimulationSettings.self, from: text) == settings)
    // Every number in the file has a name.
    #expect(!String(decoding: text, as: UTF8.self).contains("_0"))
    settings.blinking = .independent(perFrame: 3)
    #expect(
      try String(decoding: JSONEncoder().encode(settings), as: UTF8.self)
        .contains(#""per_frame":3"#))
  }

  @Test func impossibleSettingsAreNamed() throws {
    func refusal(_ change: (inout SimulationSettings) -> Void) -> String {
      var settings = small
      change(&settings)
      do {
        _ = try Simulation(settings)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(refusal { _ in }.isEmpty)
    #expect(refusal { $0.width = 0 }.contains("a side of 0 px must be in 1...16384"))
    #expect(refusal { $0.frames = -1 }.contains("frames -1 must be in 1..."))
    // Values in a wrong unit: metres, µm, Å.
    for size in [-100, .nan, 1e-308, 1e-7, 0.1, 9.9, 1001, 100_000] {
      #expect(
        refusal { $0.pixelSize = size }.contains("nm must be in 10...1000\nhint: "), "\(size)")
    }
    #expect(refusal { $0.psf.sigmaX = 130 }.contains("psf σ 130 px must be in 0.1...100"))
    #expect(refusal { $0.photons = .exponential(mean: -3) }.contains("photons -3 must be"))
    #expect(refusal { $0.photons = .logNormal(mean: 9, spread: 3) }.contains("spread 3 must be"))
    #expect(refusal { $0.background = .flat(level: .infinity) }.contains("background inf photons"))
    #expect(refusal { $0.camera.gain = 0 }.contains("cannot simulate: camera: gain 0"))
    #expect(
      refusal { $0.scene = .grid(spacing: 1e6, jitter: 0) }.contains("scene.grid.spacing 1000000"))
    #expect(
      refusal { $0.blinking = .always(molecules: -1) }.contains("blinking.always.molecules -1"))
    #expect(refusal { $0.blinking = .independent(perFrame: 1e8) }.contains("per frame 100000000"))
    #expect(
      refusal { $0.blinking = .switching(molecules: 1_000_000_000, on: 1, off: 1e9) }
        .contains("blinking would create"))
    #expect(refusal { $0.zRange = -0.5...0.5 }.contains("nm must be within ±100000"))
    for step in [0, 0.05, -0.05, .nan, 20_000] {
      #expect(
        refusal { $0.zStack = ZStack(first: 0, step: step) }.contains("nm must be in 1...10000"))
    }
    let mixed = refusal {
      $0.camera.emGain = 300
      $0.sensor = SensorVariation()
    }
    #expect(mixed.contains("sensor describes an sCMOS") && mixed.contains("\nhint: "))
  }
}
