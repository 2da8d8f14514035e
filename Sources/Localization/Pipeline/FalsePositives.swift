import Compute
import Foundation
import Microscopy

/// The cut-off of a detector that noise exceeds at so many places of 10⁴ pixels.
///
/// A detector's score is the sum of a frame's pixels with weights, and noise is what is left of a
/// uniform background. The density of the maxima of a smooth Gaussian field above u standard
/// deviations is λ (2π)^(−3/2) u e^(−u²/2), with λ the `roughness` of the weights (Worsley et al.,
/// Hum. Brain Mapp. 4, 58 (1996)). Light has a longer tail, so the probability of a level comes from
/// the cumulants of the pixels by the saddle point (Daniels, Ann. Math. Stat. 25, 631 (1954)).
struct FalsePositives {
  /// Expected number in 10⁴ pixels.
  let rate: Double
  let camera: Camera
  /// Variance of a pixel without light, photoelectrons².
  let readNoise: Double

  /// Cut-offs for frames with noise n in the first wavelet plane, photoelectrons:
  /// `proportional` · n + `constant` + `inverse` / n.
  struct Cutoff {
    var proportional = 0.0
    var constant = 0.0
    var inverse = 0.0
  }

  /// The cut-off of sums of pixels, photoelectrons.
  func sums(_ weights: PixelWeights) -> Cutoff {
    cutoff { level(of: weights, among: 1, $0) }
  }

  /// The cut-off of the greatest of several sums, as a multiple of the noise of a pixel.
  func ratios(_ weights: [PixelWeights]) -> Cutoff {
    cutoff { pixel in
      (weights.map { level(of: $0, among: weights.count, pixel) }.max() ?? 0) / pixel.deviation
    }
  }

  /// The cut-off of net gradients at the maxima of a frame, photoelectrons.
  ///
  /// There is one maximum of noise in each box. There the centre is the greatest of the box's
  /// pixels, and the others have as much less light together.
  func netGradients(box: Int) -> Cutoff {
    let weights = NetGradient(box: box).weights
    let pixels = box * box
    let centre = weights.values.count / 2
    // The greatest of n numbers varies by 0.4 of what each does.
    var values = weights.values
    values[centre] *= 0.4
    let others = PixelWeights(values, side: weights.side)
    let one = PixelWeights([1], side: 1)
    let inner = (1...box).flatMap { y in (1...box).map { weights.values[y * weights.side + $0] } }
    let rest = inner.reduce(0, +) - weights.values[centre]
    let weight = weights.values[centre] - rest / Double(pixels - 1)
    return cutoff { pixel in
      // The mean of the greatest of n numbers is exceeded with a probability of e^(−γ)/n.
      let centre = solve(one, pixel) { _, tail in tail * Double(pixels) > 0.561 }
      let theta = solve(others, pixel) { _, tail in tail / Double(pixels) > rate / 1e4 }
      return pixel.sum(others, theta).slope + weight * pixel.sum(one, centre).slope
    }
  }

  /// The sum that the maxima of noise exceed.
  private func level(of weights: PixelWeights, among count: Int, _ pixel: BackgroundPixel) -> Double
  {
    let roughness = weights.roughness
    let theta = solve(weights, pixel) { w, tail in
      Double(count) * roughness * w * w / (2 * .pi) * tail > rate / 1e4
    }
    return pixel.sum(weights, theta).slope
  }

  /// The place θ of the saddle point up to which a level `isLow`. That function gets the level as the
  /// normal number of the same probability, and that probability.
  private func solve(
    _ weights: PixelWeights, _ pixel: BackgroundPixel, isLow: (Double, Double) -> Bool
  ) -> Double {
    let limit = weights.values.map(pixel.limit).min() ?? 1
    var (low, high) = (0.0, min(limit, 40 / (weights.deviation * pixel.deviation)))
    for _ in 0..<50 {
      let theta = (low + high) / 2
      let sum = pixel.sum(weights, theta)
      let w = (2 * max(theta * sum.slope - sum.value, 0)).squareRoot()
      let tail = exp(-w * w / 2) / ((2 * .pi).squareRoot() * theta * sum.curvature.squareRoot())
      // Below a standard deviation the formulas are not valid, and rates are far above any use.
      if w < 1 || isLow(w, tail) { low = theta } else { high = theta }
    }
    return low
  }

  /// The three numbers from levels at several backgrounds, by least squares of relative errors.
  private func cutoff(_ level: (BackgroundPixel) -> Double) -> Cutoff {
    var normal = [[Double]](repeating: [0, 0, 0, 0], count: 3)
    for step in 0...16 {
      // From the least light that detectors assume to more than a usual camera holds.
      let pixel = BackgroundPixel(
        background: 0.25 * pow(10, Double(step) / 4), readNoise: readNoise,
        excess: camera.excessNoise)
      let noise = pixel.deviation * Wavelet.fineNoise
      let value = level(pixel)
      let row = [noise, 1, 1 / noise].map { $0 / value } + [1]
      for i in 0..<3 { for j in 0..<4 { normal[i][j] += row[i] * row[j] } }
    }
    for i in 0..<3 {
      for other in 0..<3 where other != i {
        let factor = normal[other][i] / normal[i][i]
        for j in 0..<4 { normal[other][j] -= factor * normal[i][j] }
      }
    }
    let found = (0..<3).map { normal[$0][3] / normal[$0][$0] }
    return Cutoff(proportional: found[0], constant: found[1], inverse: found[2])
  }
}

/// The noise of a pixel with uniform light.
struct BackgroundPixel {
  /// Photoelectrons.
  let background: Double
  /// Variance of a pixel without light, photoelectrons².
  let readNoise: Double
  /// Excess noise factor F²; above 1 an EM register multiplies every photoelectron by a number that
  /// is distributed exponentially.
  let excess: Double

  var deviation: Double { (excess * background + readNoise).squareRoot() }

  /// The logarithm of the moment-generating function of a weighted sum of pixels at θ, without its
  /// mean, and its two derivatives.
  func sum(
    _ weights: PixelWeights, _ theta: Double
  ) -> (value: Double, slope: Double, curvature: Double) {
    var total = (0.0, 0.0, 0.0)
    for weight in weights.values where weight != 0 {
      let t = theta * weight
      let light: (Double, Double, Double)
      if excess > 1 {
        let rest = 1 / (1 - t)
        light = (rest - 1 - t, rest * rest - 1, 2 * rest * rest * rest)
      } else {
        let growth = exp(t)
        light = (expm1(t) - t, expm1(t), growth)
      }
      total.0 += background * light.0 + readNoise * t * t / 2
      total.1 += weight * (background * light.1 + readNoise * t)
      total.2 += weight * weight * (background * light.2 + readNoise)
    }
    return total
  }

  /// The greatest θ for a weight.
  func limit(_ weight: Double) -> Double {
    weight <= 0 ? .infinity : (excess > 1 ? 0.999 : 50) / weight
  }
}
