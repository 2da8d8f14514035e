/// A matrix with a few adjacent entries per row, such as the basis of a B-spline along one axis.
struct BandMatrix {
  let columns: Int
  /// Column of each row's first entry.
  var start: [Int]
  let width: Int
  /// `width` entries per row.
  var entries: [Double]
  var rows: Int { start.count }

  /// Order of derivative of the cubic B-spline basis.
  enum Derivative { case value, slope }

  /// The basis of the cubic B-spline on knots 0, 1, 2, … at `places` (or its derivative). Places
  /// outside are moved to the nearest one that has all four neighbouring knots.
  init(splineAt places: [Double], knots: Int, _ derivative: Derivative = .value) {
    columns = knots
    width = 4
    start = []
    entries = []
    for place in places {
      let cell = min(max(Int(place.rounded(.down)), 1), knots - 3)
      let t = min(max(place - Double(cell), 0), 1)
      let s = 1 - t
      start.append(cell - 1)
      switch derivative {
      case .value:
        entries += [
          s * s * s / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (3 * s * s * s - 6 * s * s + 4) / 6,
          t * t * t / 6,
        ]
      case .slope:
        entries += [-s * s / 2, (3 * t * t - 4 * t) / 2, -(3 * s * s - 4 * s) / 2, t * t / 2]
      }
    }
  }

  private init(columns: Int, start: [Int], width: Int, entries: [Double]) {
    self.columns = columns
    self.start = start
    self.width = width
    self.entries = entries
  }

  /// From the dense matrix, row by row.
  private init(dense: [Double], rows: Int, columns: Int) {
    let ranges = (0..<rows).map { row -> Range<Int> in
      let filled = (0..<columns).filter { dense[row * columns + $0] != 0 }
      return (filled.first ?? 0)..<(filled.last ?? 0) + 1
    }
    let width = min(ranges.map(\.count).max() ?? 1, columns)
    let start = ranges.map { min($0.lowerBound, columns - width) }
    self.init(
      columns: columns, start: start, width: width,
      entries: (0..<rows).flatMap { row in
        (0..<width).map { dense[row * columns + start[row] + $0] }
      })
  }

  /// The matrix without the rows for which `kept` is false.
  func masked(_ kept: [Bool]) -> BandMatrix {
    var result = self
    for row in 0..<rows where !kept[row] {
      for j in 0..<width { result.entries[row * width + j] = 0 }
    }
    return result
  }

  var transposed: BandMatrix {
    var dense = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for j in 0..<width { dense[(start[row] + j) * rows + row] += entries[row * width + j] }
    }
    return BandMatrix(dense: dense, rows: columns, columns: rows)
  }

  /// AᵀA.
  var gram: BandMatrix {
    var dense = [Double](repeating: 0, count: columns * columns)
    for row in 0..<rows {
      for a in 0..<width {
        for b in 0..<width {
          dense[(start[row] + a) * columns + start[row] + b] +=
            entries[row * width + a] * entries[row * width + b]
        }
      }
    }
    return BandMatrix(dense: dense, rows: columns, columns: columns)
  }

  /// Applies the matrix to the middle axis of [outer, columns, inner]: [outer, rows, inner].
  func apply(to values: [Double], outer: Int, inner: Int) -> [Double] {
    precondition(values.count == outer * columns * inner)
    return [Double](unsafeUninitializedCapacity: outer * rows * inner) { result, filled in
      values.withUnsafeBufferPointer { values in
        entries.withUnsafeBufferPointer { entries in
          start.withUnsafeBufferPointer { start in
            for o in 0..<outer {
              for row in 0..<start.count {
                let to = (o * start.count + row) * inner
                let from = (o * columns + start[row]) * inner
                for n in 0..<inner { result[to + n] = 0 }
                for j in 0..<width {
                  let entry = entries[row * width + j]
                  if entry == 0 { continue }
                  let source = from + j * inner
                  for n in 0..<inner { result[to + n] += entry * values[source + n] }
                }
              }
            }
          }
        }
      }
      filled = outer * rows * inner
    }
  }
}
