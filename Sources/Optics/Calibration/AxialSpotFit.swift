import Foundation
import Microscopy

/// Finds x, y, z, photons and background of a spot by any PSF: Fisher scoring on a likelihood of Poisson's
/// kind, in Double. For calibration and checks; `localize` has its own.
struct AxialSpotFit<PSF: PointSpreadFunction> {
  let psf: PSF
  let box: Int
  let range: ClosedRange<Double>

  struct Fit {
    var x: Double
    var y: Double
    var z: Double
    var photons: Double
    var background: Double
    /// Σ (data − model)² / model.
    var misfit: Double
  }

  /// Images of a molecule in the box's middle at heights `step` apart: where a fit may start.
  private let library: [(z: Double, image: [Double])]

  init(psf: PSF, box: Int, range: ClosedRange<Double>, step: Double) {
    self.psf = psf
    self.box = box
    self.range = range
    let count = max(2, Int((range.upperBound - range.lowerBound) / step) + 1)
    let middle = Double(box - 1) / 2
    library = (0..<count).map { i in
      let z =
        range.lowerBound + Double(i) / Double(count - 1) * (range.upperBound - range.lowerBound)
      let shares = psf.shares(columns: 0..<box, rows: 0..<box, x: middle, y: middle, z: z)
      return (z, shares.map(\.value))
    }
  }

  /// The better of the fits that start at the two heights whose images are most like the spot.
  func fit(_ pixels: [Double]) -> Fit? {
    let alike = library.map { ($0.z, Statistics.correlation($0.image, pixels)) }
    let peaks = alike.indices.filter { i in
      (i == 0 || alike[i - 1].1 <= alike[i].1)
        && (i == alike.count - 1 || alike[i + 1].1 < alike[i].1)
    }.sorted { alike[$0].1 > alike[$1].1 }
    return peaks.prefix(2).compactMap { fit(pixels, from: alike[$0].0) }
      .min { $0.misfit < $1.misfit }
  }

  private func fit(_ pixels: [Double], from z: Double) -> Fit? {
    let border = (0..<box * box).filter {
      $0 / box == 0 || $0 / box == box - 1 || $0 % box == 0 || $0 % box == box - 1
    }
    let background = Statistics.median(border.map { pixels[$0] })
    let light = pixels.reduce(0) { $0 + $1 - background }
    let middle = Double(box - 1) / 2
    var theta = [middle, middle, max(light, 1), background, z]
    var misfit = Double.infinity
    for _ in 0..<30 {
      let shares = psf.shares(
        columns: 0..<box, rows: 0..<box, x: theta[0], y: theta[1], z: theta[4])
      let floor = max(1e-3 * theta[2] * (shares.map(\.value).max() ?? 0), 1e-6)
      var sum = 0.0
      let equations = NormalEquations(order: 5, count: shares.count) { i, gradient in
        let share = shares[i]
        let mean = theta[2] * share.value + theta[3]
        gradient[0] = theta[2] * share.byX
        gradient[1] = theta[2] * share.byY
        gradient[2] = share.value
        gradient[3] = 1
        gradient[4] = theta[2] * share.byZ
        let weight = 1 / max(mean, floor)
        let miss = pixels[i] - mean
        sum += miss * miss * weight
        return (weight, miss)
      }
      misfit = sum
      guard var step = equations.step() else { return nil }
      let reach = (range.upperBound - range.lowerBound) / 12
      step[0] = min(max(step[0], -0.5), 0.5)
      step[1] = min(max(step[1], -0.5), 0.5)
      step[4] = min(max(step[4], -reach), reach)
      for a in 0..<5 { theta[a] += step[a] }
      theta[2] = max(theta[2], 1e-6)
      theta[4] = min(max(theta[4], range.lowerBound), range.upperBound)
      guard theta.allSatisfy(\.isFinite) else { return nil }
      if abs(step[4]) < 0.02, abs(step[0]) + abs(step[1]) < 1e-4 { break }
    }
    return Fit(
      x: theta[0], y: theta[1], z: theta[4], photons: theta[2], background: theta[3],
      misfit: misfit)
  }
}
