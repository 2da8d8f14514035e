import Foundation
import Microscopy

/// The quality of fits of x, y and z under one condition.
struct AxialResult: Codable {
  var condition: AxialCondition
  /// Fraction of the fits that converged inside box and range; the rest is not counted below.
  var converged: Double
  var iterations: Double
  var x: Efficiency
  var z: Efficiency
  /// The largest RMSE/√CRLB of z over five equal parts of its range.
  var worstZ: Double
  var photons: Efficiency
  var background: Efficiency
  /// Mean √CRLB: x in px, z in nm.
  var boundX: Double
  var boundZ: Double

  init(_ condition: AxialCondition, _ spots: [Spot], _ fits: [FittedSpot]) {
    self.condition = condition
    let pairs = zip(spots, fits).filter { $0.1.state == .converged }
    converged = Double(pairs.count) / Double(spots.count)
    iterations = pairs.reduce(0) { $0 + Double($1.1.iterations) } / Double(pairs.count)
    x = Efficiency(of: 0, 1, in: pairs)
    z = Efficiency(of: 4, in: pairs)
    photons = Efficiency(of: 2, in: pairs)
    background = Efficiency(of: 3, in: pairs)
    let range = AxialCondition.range
    let part = (range.upperBound - range.lowerBound) / 5
    worstZ =
      (0..<5).map { bin in
        Efficiency(
          of: 4, in: pairs.filter { Int(($0.0.truth[4] - range.lowerBound) / part) == bin }
        ).rmse
      }.max() ?? .nan
    boundX = spots.reduce(0) { $0 + $1.bound[0] } / Double(spots.count)
    boundZ = spots.reduce(0) { $0 + $1.bound[4] } / Double(spots.count)
  }

  var holds: Bool { x.holds && z.holds }

  static let heading = """
    | PSF | noise | photons | bg | √CRLB x (px) | √CRLB z (nm) | converged | steps \
    | x, y: RMSE/√CRLB | bias | spread | z: RMSE/√CRLB | worst fifth | bias | spread | photons | bg \
    | holds |
    |:--|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|:--|
    """

  var row: String {
    func format(_ value: Double, _ digits: Int) -> String {
      String(format: "%.\(digits)f", value)
    }
    var cells = [
      condition.psf.rawValue, condition.noise.rawValue, format(condition.photons, 0),
      format(condition.background, 0), format(boundX, 3), format(boundZ, 1),
      format(100 * converged, 1) + " %", format(iterations, 1),
    ]
    cells += [x.rmse, x.bias, x.spread, z.rmse, worstZ, z.bias, z.spread, photons.rmse]
      .map { format($0, 3) }
    cells += [format(background.rmse, 3), holds ? "yes" : "no"]
    return "| " + cells.joined(separator: " | ") + " |"
  }
}
