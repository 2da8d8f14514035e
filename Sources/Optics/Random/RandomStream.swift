import Foundation

/// A reproducible sequence of random numbers, addressed by seed, purpose and index.
///
/// Frame k of a simulation has its own stream k, so its pixels do not depend on the order in which
/// threads draw frames. Generator: xoshiro256++ (Blackman & Vigna, ACM TOMS 47, 36 (2021));
/// SplitMix64 derives its state from the address.
package struct RandomStream: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64, purpose: UInt64 = 0, index: Int = 0) {
    var mixer = seed
    func mix(_ word: UInt64) -> UInt64 {
      var z = word
      z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
      return z ^ z >> 31
    }
    for word in [purpose, UInt64(bitPattern: Int64(index))] {
      mixer = mix(mixer &+ 0x9e37_79b9_7f4a_7c15) ^ word
    }
    func step() -> UInt64 {
      mixer &+= 0x9e37_79b9_7f4a_7c15
      return mix(mixer)
    }
    state = (step(), step(), step(), step())
  }

  @inline(__always)
  package mutating func next() -> UInt64 {
    func rotate(_ x: UInt64, _ by: UInt64) -> UInt64 { x << by | x >> (64 - by) }
    let result = rotate(state.0 &+ state.3, 23) &+ state.0
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, 45)
    return result
  }

  /// Uniform in [0, 1), a multiple of 2⁻⁵³.
  @inline(__always)
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in (0, 1), so that its logarithm is finite.
  @inline(__always)
  package mutating func uniformAboveZero() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

  /// Exponential with mean 1.
  @inline(__always)
  package mutating func exponential() -> Double { -log(uniformAboveZero()) }

  /// Gamma with scale 1. `shape` is 1 or more.
  ///
  /// Marsaglia & Tsang, ACM TOMS 26, 363 (2000).
  package mutating func gamma(shape: Double) -> Double {
    let d = shape - 1 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let z = normal()
      let root = 1 + c * z
      if root <= 0 { continue }
      let v = root * root * root
      let u = uniformAboveZero()
      if u < 1 - 0.0331 * z * z * z * z || log(u) < 0.5 * z * z + d * (1 - v + log(v)) {
        return d * v
      }
    }
  }
}
