import Foundation

/// Statistics of maps. Maps have millions of pixels, so a value is selected and not interpolated.
extension [Double] {
  /// The value below which a fraction `share` of the others lies (nearest rank); NaN for no values.
  ///
  /// Selection after Hoare (CACM 4, 321 (1961)).
  package func quantile(_ share: Double) -> Double {
    guard !isEmpty else { return .nan }
    var values = self
    let rank = Int((Double(count - 1) * Swift.min(Swift.max(share, 0), 1)).rounded())
    var (low, high) = (0, count - 1)
    while low < high {
      let pivot = values[low + (high - low) / 2]
      var (i, j) = (low, high)
      while i <= j {
        while values[i] < pivot { i += 1 }
        while values[j] > pivot { j -= 1 }
        if i <= j {
          values.swapAt(i, j)
          i += 1
          j -= 1
        }
      }
      if rank <= j { high = j } else if rank >= i { low = i } else { break }
    }
    return values[rank]
  }

  /// One of the values, of an even number the upper of the middle two; NaN for no values.
  package var median: Double { quantile(0.5) }

  /// A robust standard deviation: 1.4826 times the median distance from the median.
  package var robustSpread: Double {
    let centre = median
    return 1.4826 * map { abs($0 - centre) }.median
  }
}

/// Statistics of lists that are short enough to be sorted.
package enum Statistics {
  /// The mean of the middle two for an even number; 0 for no values.
  package static func median(_ values: [Double]) -> Double { quantile(values, 0.5) }

  /// Interpolated between two values; 0 for no values.
  static func quantile(_ values: [Double], _ part: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let place = part * Double(sorted.count - 1)
    let low = Int(place)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
  }

  /// The most frequent of values above 0: the maximum of a density estimate of their logarithms, the
  /// sum of Gaussians of a width that is 1.5 n^(−1/5) times that of the shortest half. 0 for no values.
  ///
  /// It varies three times less than the half-sample mode.
  package static func logarithmicMode(_ values: [Double]) -> Double {
    let logs = values.map { log($0) }.sorted()
    guard !logs.isEmpty else { return 0 }
    let half = (logs.count + 1) / 2
    let shortest = (0...logs.count - half).map { logs[$0 + half - 1] - logs[$0] }.min() ?? 0
    let width = max(1.5 * shortest / 1.35 * pow(Double(logs.count), -0.2), 1e-4)
    let steps = 1000
    let (low, high) = (logs[logs.count / 100], logs[logs.count - 1 - logs.count / 100])
    var (best, densest) = (low, 0.0)
    for step in 0...steps {
      let place = low + (high - low) * Double(step) / Double(steps)
      let density = logs.reduce(0) { sum, other in
        let distance = (other - place) / width
        return sum + exp(-distance * distance / 2)
      }
      if density > densest { (best, densest) = (place, density) }
    }
    return exp(best)
  }

  static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// Pearson's correlation; 0 if one of them is constant.
  static func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (ma, mb) = (mean(a), mean(b))
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      ab += (x - ma) * (y - mb)
      aa += (x - ma) * (x - ma)
      bb += (y - mb) * (y - mb)
    }
    return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
  }

  /// Mean of the values within six robust standard deviations of the median.
  static func clippedMean(_ values: [Double]) -> Double {
    let middle = median(values)
    let spread = max(1.4826 * median(values.map { abs($0 - middle) }), 1e-9)
    return mean(values.filter { abs($0 - middle) <= 6 * spread })
  }
}
