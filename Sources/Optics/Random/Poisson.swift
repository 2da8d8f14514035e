import Foundation

extension RandomStream {
  /// Poisson counts for any mean of 0 or more; beyond 2⁶⁰ the mean itself.
  @inline(__always)
  package mutating func poisson(_ mean: Double) -> Int {
    if mean >= 12 { return mean < 0x1p60 ? poissonByRejection(mean) : 1 << 60 }
    let u = uniform()
    // 1 − m ≤ exp(−m): most dark pixels return here, without an exponential.
    return u < 1 - mean ? 0 : poissonByInversion(mean, u)
  }

  private mutating func poissonByInversion(_ mean: Double, _ u: Double) -> Int {
    var rest = u
    var probability = exp(-mean)
    var count = 0
    // Below a mean of 12 the probability of a count over 100 is less than 1e-60; the limit only
    // guards against rounding of the sum near u = 1.
    while rest >= probability, count < 100 {
      rest -= probability
      count += 1
      probability *= mean / Double(count)
    }
    return count
  }

  /// PTRS: Hörmann, Insurance: Mathematics and Economics 12, 39 (1993).
  private mutating func poissonByRejection(_ mean: Double) -> Int {
    let root = mean.squareRoot()
    let b = 0.931 + 2.53 * root
    let a = -0.059 + 0.02483 * b
    let squeeze = 0.9277 - 3.6224 / (b - 2)
    while true {
      let u = uniform() - 0.5
      let v = uniformAboveZero()
      let us = 0.5 - abs(u)
      let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
      if us >= 0.07, v <= squeeze { return Int(k) }
      if k < 0 || (us < 0.013 && v > us) { continue }
      let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
      if log(v * inverseAlpha / (a / (us * us) + b)) <= k * log(mean) - mean - logFactorial(k) {
        return Int(k)
      }
    }
  }
}

/// ln k! for integer k, with a relative error of about 1e-12.
func logFactorial(_ k: Double) -> Double {
  if k < 10 { return log((1...10).reduce(1.0) { Double($1) <= k ? $0 * Double($1) : $0 }) }
  let inverse = 1 / k
  let series = inverse * (1 / 12 - inverse * inverse * (1 / 360 - inverse * inverse / 1260))
  return (k + 0.5) * log(k) - k + 0.5 * log(2 * .pi) + series
}

/// Poisson counts of one fixed mean in constant time: one random word and one table entry.
///
/// Alias method (Walker 1977; tables after Vose 1991). Counts with a probability below about 1e-18
/// are omitted.
struct PoissonTable: Sendable {
  private struct Entry {
    var threshold: UInt64
    var own: Int32
    var alias: Int32
  }
  private var entries: [Entry]

  init(mean: Double) {
    let reach = 9 * mean.squareRoot()
    let first = max(0, (mean - reach).rounded(.down))
    let last = mean == 0 ? 0 : (mean + reach + 30).rounded(.up)
    let counts = Array(stride(from: first, through: last, by: 1))
    let weights = counts.map { mean == 0 ? 1 : exp($0 * log(mean) - mean - logFactorial($0)) }
    let scale = Double(counts.count) / weights.reduce(0, +)
    var heights = weights.map { $0 * scale }
    entries = counts.map { Entry(threshold: .max, own: Int32($0), alias: Int32($0)) }
    var small = heights.indices.filter { heights[$0] < 1 }
    var large = heights.indices.filter { heights[$0] >= 1 }
    while let low = small.popLast(), let high = large.last {
      entries[low].threshold = UInt64(heights[low] * 0x1p64)
      entries[low].alias = entries[high].own
      heights[high] -= 1 - heights[low]
      if heights[high] < 1 { small.append(large.removeLast()) }
    }
  }

  /// Calls `body` with the draw, so that a loop over pixels loads the table's address only once.
  @inline(__always)
  func withDraw<R>(_ body: (_ draw: (inout RandomStream) -> Int32) -> R) -> R {
    entries.withUnsafeBufferPointer { table in
      body { random in
        let (index, fraction) = random.next().multipliedFullWidth(by: UInt64(table.count))
        let entry = table[Int(index)]
        return fraction < entry.threshold ? entry.own : entry.alias
      }
    }
  }
}
