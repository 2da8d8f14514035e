import ArgumentParser
import CPUKernels
import Foundation
import Optics

@main
struct Accuracy: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fits simulated spots and compares their errors with the Cramér–Rao bound.",
    discussion: "Example: accuracy --sigma elliptical --spots 20000")

  @Option(help: "Widths that are fitted: fixed, free, elliptical.")
  var sigma = "elliptical"
  @Option(help: "Spots per row.")
  var spots = 20_000
  @Option(help: "Read noise, e⁻ rms.")
  var readNoise = 0.0

  func run() throws {
    for psf in [1.0, 1.25, 1.5] {
      for photons in [100.0, 300, 1000, 10_000] {
        for background in [1.0, 10, 50] {
          for box in [7, 9, 13] {
            let condition = Condition(
              psfSigma: psf, photons: photons, background: background, box: box,
              sigma: CramerRaoBound.Sigma(rawValue: sigma)!, readNoise: readNoise)
            let drawn = condition.draw(spots, seed: 1)
            let r = Result(condition, drawn, fit(drawn, condition, isa: glint_isa_avx2))
            func f(_ v: Double) -> String { String(format: "%7.3f", v) }
            print(
              psf, Int(photons), Int(background), box, f(r.bound), f(r.converged), f(r.iterations),
              f(r.x.rmse), f(r.x.bias), f(r.x.spread), f(r.photons.rmse), f(r.photons.bias),
              f(r.background.rmse), f(r.background.bias), f(r.sigma?.rmse ?? .nan),
              f(r.sigma?.bias ?? .nan), r.holds ? "" : "*")
          }
        }
      }
    }
  }
}
