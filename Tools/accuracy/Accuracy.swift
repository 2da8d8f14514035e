import ArgumentParser
import Compute
import Foundation
import Optics

/// Fits simulated spots over a sweep of conditions and compares their errors with the bound.
@main
struct Accuracy: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glint-accuracy",
    abstract: "Fit simulated spots and compare their errors with the Cramér–Rao bound.",
    discussion: """
      A row holds when, for x and y together, RMSE/√CRLB is in 0.98...1.05, |bias| < 0.1 √CRLB, and the
      spread of error/reported error in 0.97...1.05.

      With --detection, the table has the spots that detectors find in empty frames, and the molecules
      that they find beside a hot pixel or a bead.

      Example: glint-accuracy --sigma elliptical --spots 20000 --json accuracy.json
      """)

  @Option(help: "A PSF that depends on z: astigmatic or spline; without it a Gaussian is fitted.")
  var psf: AxialCondition.PSF?
  @Option(help: "Widths that are fitted: fixed, free or elliptical.")
  var sigma = SpotModel.Sigmas.elliptical
  @Option(help: "Spots per row.")
  var spots = 20_000
  @Option(help: "Read noise, e⁻ rms.")
  var readNoise = 0.0
  @Option(help: "With --psf: only this noise (none, scalar, scmos, mapless or emccd).")
  var noise: AxialCondition.Noise?
  @Flag(help: "Measure detection instead of fits.")
  var detection = false
  @Option(help: "With --detection: frames per movie.")
  var frames = 50
  @Option(help: "Device, as `glint devices` names it.")
  var device = "cpu"
  @Option(help: "Random seed.")
  var seed: UInt64 = 1
  @Option(help: "Write the rows to this file.")
  var json: String?

  func validate() throws {
    guard spots >= 100, spots <= 1_000_000 else {
      throw ValidationError("--spots \(spots) is not in 100...1000000")
    }
    guard frames >= 1, frames <= 1000 else {
      throw ValidationError("--frames \(frames) is not in 1...1000")
    }
    guard readNoise >= 0, readNoise <= 1000 else {
      throw ValidationError("--read-noise \(readNoise) is not in 0...1000")
    }
  }

  func run() throws {
    if detection {
      try DetectionCheck(device: try Devices.named(device), frames: frames, seed: seed).run()
      return
    }
    let fitter = SpotFitter(device: try Devices.named(device))
    if let psf {
      try sweep(psf, fitter)
      return
    }
    print(Report.heading)
    var results: [Result] = []
    for psfSigma in [1.0, 1.25, 1.5] {
      for photons in [100.0, 300, 1000, 3000, 10_000] {
        for background in [1.0, 10, 50] {
          for box in [7, 9, 13] {
            let condition = Condition(
              psfSigma: psfSigma, photons: photons, background: background, box: box, sigma: sigma,
              readNoise: readNoise)
            let drawn = condition.draw(spots, seed: seed)
            let result = Result(condition, drawn, try fitter.fit(drawn, condition))
            print(Report.row(result))
            results.append(result)
          }
        }
      }
    }
    print(Report.summary(results))
    print(try Report.darkBackground(fitter, spots: spots, sigma: sigma, seed: seed))
    try write(results)
  }

  /// Fits of x, y and z over photons, background and noise.
  private func sweep(_ psf: AxialCondition.PSF, _ fitter: SpotFitter) throws {
    let model = try AxialCondition.model(psf)
    print(AxialResult.heading)
    var results: [AxialResult] = []
    for noise in noise.map({ [$0] }) ?? AxialCondition.Noise.allCases {
      for photons in [300.0, 1000, 3000, 10_000] {
        for background in [1.0, 10, 50] {
          let condition = AxialCondition(
            psf: psf, photons: photons, background: background, noise: noise, box: 13)
          let drawn = condition.draw(spots, psf: model, seed: seed)
          let result = AxialResult(
            condition, drawn.spots,
            try fitter.fit(drawn.spots, condition, model, maps: drawn.maps))
          print(result.row)
          results.append(result)
        }
      }
    }
    let known = results.filter { $0.condition.noise != .mapless }
    print("\n\(known.count { $0.holds }) of \(known.count) rows with the noise known hold")
    try write(results)
  }

  private func write(_ results: some Encodable) throws {
    guard let json else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try encoder.encode(results).write(to: URL(fileURLWithPath: json), options: .atomic)
  }
}

extension AxialCondition.PSF: ExpressibleByArgument {}
extension AxialCondition.Noise: ExpressibleByArgument {}

extension SpotModel.Sigmas: ExpressibleByArgument {}
