import Compute
import Foundation
import Optics

/// Results as Markdown, for people and for the README.
enum Report {
  static let heading = """
    | σ | photons | bg | box | √CRLB x (px) | converged | steps | x, y: RMSE/√CRLB | bias | spread \
    | photons | bias | bg | bias | σ | bias | holds |
    |--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|:--|
    """

  static func row(_ result: Result) -> String {
    let condition = result.condition
    var cells = [
      format(condition.psfSigma, 2), format(condition.photons, 0),
      format(condition.background, 0), String(condition.box), format(result.bound, 3),
      format(100 * result.converged, 1) + " %", format(result.iterations, 1),
    ]
    cells += [result.x.rmse, result.x.bias, result.x.spread].map { format($0, 3) }
    for parameter in [result.photons, result.background, result.sigma] {
      cells += [parameter?.rmse, parameter?.bias].map { $0.map { format($0, 3) } ?? "" }
    }
    return "| " + (cells + [result.holds ? "yes" : "no"]).joined(separator: " | ") + " |"
  }

  /// How many rows hold, and the precision down to which all rows hold.
  static func summary(_ results: [Result]) -> String {
    let holding = results.sorted { $0.bound < $1.bound }.prefix { $0.holds }
    let reach = holding.last.map {
      "; all \(holding.count) with √CRLB up to \(format($0.bound, 3)) px do"
    }
    return "\n\(results.count { $0.holds }) of \(results.count) rows hold\(reach ?? "")"
  }

  /// The mean fitted background for half a photon per pixel with 1 e⁻ of read noise.
  static func darkBackground(
    _ fitter: SpotFitter, spots: Int, sigma: SpotModel.Sigmas, seed: UInt64
  ) throws -> String {
    let condition = Condition(
      psfSigma: 1.25, photons: 1000, background: 0.5, box: 13, sigma: sigma, readNoise: 1)
    let fits = try fitter.fit(condition.draw(spots, seed: seed), condition)
      .filter { $0.state == .converged }
    let mean = fits.reduce(0) { $0 + $1.theta[3] } / Double(fits.count)
    return "background 0.5 with 1 e⁻ read noise, box 13, returns \(format(mean, 3))"
  }

  private static func format(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
