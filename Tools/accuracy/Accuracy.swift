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

      Example: glint-accuracy --sigma elliptical --spots 20000 --json accuracy.json
      """)

  @Option(help: "Widths that are fitted: fixed, free or elliptical.")
  var sigma = CramerRaoBound.Sigma.elliptical
  @Option(help: "Spots per row.")
  var spots = 20_000
  @Option(help: "Read noise, e⁻ rms.")
  var readNoise = 0.0
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
    guard readNoise >= 0, readNoise <= 1000 else {
      throw ValidationError("--read-noise \(readNoise) is not in 0...1000")
    }
  }

  func run() throws {
    let fitter = SpotFitter(device: try Devices.named(device))
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
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      try encoder.encode(results).write(to: URL(fileURLWithPath: json), options: .atomic)
    }
  }
}

extension CramerRaoBound.Sigma: ExpressibleByArgument {}
