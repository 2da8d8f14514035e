import Foundation

/// The numbers of one position of a tensor, as in `random.clh`: the same words, with arithmetic in
/// Double except for uniform numbers, which are exact in single precision.
struct RandomSource {
  let place: UInt32
  let step: UInt32
  let stream: UInt32
  let key: SIMD2<UInt32>

  static let trials = 32

  func block(_ index: Int) -> SIMD4<UInt32> {
    Philox.words(SIMD4(place, UInt32(index), step, stream), key: key)
  }

  private func uniform(_ word: UInt32, _ more: UInt32) -> Double {
    Double(Philox.positiveFraction(word, more))
  }

  func normal(_ index: Int) -> Double {
    let words = block(index)
    let radius = (-2 * log(uniform(words.x, words.z))).squareRoot()
    // Two bits choose the quadrant, 24 bits the angle from its middle.
    let turn = Double(words.y >> 6 & 0xFF_FFFF) * 0x1p-24 - 0.5
    return radius * sin((turn + Double(words.y >> 30)) * .pi / 2)
  }

  func poisson(mean: Double) -> Double {
    if mean.isNaN { return mean }
    guard mean > 0 else { return 0 }
    return mean < 10 ? inverted(mean) : rejected(mean)
  }

  private func inverted(_ mean: Double) -> Double {
    var u = Double(Philox.fraction(block(0).x))
    var (probability, count) = (exp(-mean), 0.0)
    while count < 63, u >= probability, probability > 0x1p-25 {
      u -= probability
      count += 1
      probability *= mean / count
    }
    return count
  }

  private func rejected(_ mean: Double) -> Double {
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let inner = 0.9277 - 3.6224 / (b - 2)
    for trial in 0..<Self.trials {
      let words = block(trial)
      let (u, v) = (uniform(words.x, words.z) - 0.5, uniform(words.y, words.w))
      let edge = 0.5 - abs(u) + 0x1p-26
      let k = ((2 * a / edge + b) * u + mean + 0.43).rounded(.down)
      if edge >= 0.07, v <= inner { return k }
      if k < 0 || (edge < 0.013 && v > edge) { continue }
      let logProbability = k * log(mean) - mean - lgamma(k + 1)
      if log(v * inverseAlpha / (a / (edge * edge) + b)) <= logProbability { return k }
    }
    return mean.rounded(.down)
  }

  func gamma(shape: Double) -> Double {
    if shape.isNaN { return shape }
    guard shape > 0 else { return 0 }
    let d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    var result = d
    for trial in 0..<Self.trials {
      let x = normal(2 * trial)
      let words = block(2 * trial + 1)
      let (u, base) = (uniform(words.x, words.y), 1 + c * x)
      guard base > 0 else { continue }
      let v = base * base * base
      if u < 1 - 0.0331 * x * x * x * x || log(u) < 0.5 * x * x + d * (1 - v + log(v)) {
        result = d * v
        break
      }
    }
    guard shape < 1 else { return result }
    let words = block(2 * Self.trials)
    return result * exp(max(log(uniform(words.x, words.y)) / shape, -87))
  }
}
