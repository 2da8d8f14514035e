extension [Double] {
  /// The value that a share of the others lies below (the nearest rank), NaN for none.
  ///
  /// Selection after Hoare (CACM 4, 321 (1961)): maps have millions of pixels, and sorting is not needed.
  func quantile(_ share: Double) -> Double {
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

  var median: Double { quantile(0.5) }

  /// A standard deviation that outliers do not move: 1.4826 times the median distance from the median.
  var robustSpread: Double {
    let centre = median
    return 1.4826 * map { abs($0 - centre) }.median
  }
}
