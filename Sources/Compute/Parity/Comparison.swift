/// Compares one output with its reference.
struct Comparison {
  /// The largest error as a share of the tolerance.
  var worst = 0.0
  var failure: String?

  /// - Parameters:
  ///   - mask: the elements that the op defines; nil for all.
  ///   - magnitude: the op on absolute values.
  ///   - factor: the candidate's `error`.
  init(
    _ output: Tensor, _ expected: Reference, _ tolerance: Tolerance, _ mask: [Bool]?,
    magnitude: Reference, error factor: Double
  ) {
    let values = output.values
    let rounded = Reference(expected.tensor).values
    let defined = values.indices.filter { mask?[$0] ?? true }
    let scale = defined.reduce(0.0) {
      rounded[$1].isFinite ? max($0, abs(expected.values[$1])) : $0
    }
    var misses = 0
    var firstMiss: Int?
    var broken: Int?
    for index in defined {
      let element = values[index]
      // The value found, the expected value, and the allowed difference.
      let (found, wanted, allowed): (Double, Double, Double) =
        switch tolerance.rule {
        case .exact: (element, rounded[index], 0)
        case .roundings(let count): (element, expected.values[index], count * scale * 0x1p-24)
        case .absolute(let bound): (element, expected.values[index], bound)
        case .relative(let bound):
          (element, expected.values[index], bound * abs(expected.values[index]))
        case .magnitude(let terms):
          (element, expected.values[index], factor * terms * 0x1p-24 * magnitude.values[index])
        case .range(let range): (element, range.contains(element) ? element : range.lowerBound, 0)
        case .pairs(let bound) where index % 2 == 0:
          (
            element + values[index + 1], expected.values[index] + expected.values[index + 1],
            bound * abs(expected.values[index] + expected.values[index + 1])
          )
        case .pairs: (element, 0, 0x1p-24 * abs(values[index - 1]))
        }
      let isRounded = if case .range = tolerance.rule { false } else { element == rounded[index] }
      if isRounded || found == wanted || (found.isNaN && wanted.isNaN) { continue }
      let error = abs(found - wanted)
      let ratio = allowed > 0 ? error / allowed : .infinity
      if ratio <= 1 {
        worst = max(worst, ratio)
      } else {
        misses += 1
        firstMiss = firstMiss ?? index
        if !values[index].isFinite { broken = broken ?? index }
      }
    }
    let permitted = Int(Double(defined.count) * (1 - tolerance.share))
    if let place = broken ?? (misses > permitted ? firstMiss : nil) {
      failure =
        "\(misses) of \(defined.count) elements are off (\(permitted) may be); element \(place) is "
        + "\(values[place].isNaN ? .nan : values[place]), the reference \(expected.values[place])"
    }
  }
}

extension Tensor {
  /// The first defined element whose bits differ from `other`'s; any NaN equals any other.
  package func firstDifference(from other: Tensor, _ mask: [Bool]?) -> Int? {
    func isNaN(_ pattern: UInt32) -> Bool {
      type.element == .float32 && Float(bitPattern: pattern).isNaN
    }
    let (a, b) = (patterns, other.patterns)
    return a.indices.first {
      (mask?[$0] ?? true) && a[$0] != b[$0] && !(isNaN(a[$0]) && isNaN(b[$0]))
    }
  }
}
