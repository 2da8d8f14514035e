import CPUKernels

/// The noise of a filter's output near the edges of a frame, relative to the middle.
///
/// At the edges frames are mirrored, so that some pixels count twice and the output has more noise.
/// A detector divides its scores by this, and then finds as many maxima of noise there as
/// elsewhere.
package struct EdgeNoise: Sendable {
  /// The distance from an edge, px, from which on the noise is that of the middle.
  let reach: Int
  /// Standard deviation at a pixel that has so many pixels before it and after it along each axis.
  let deviation: @Sendable (_ x: Side, _ y: Side) -> Double

  /// The number of pixels before and after one, at most `reach`.
  struct Side: Hashable {
    let before: Int
    let after: Int
  }

  /// The noise of the middle over that of each pixel of a frame, row by row.
  package func weights(width: Int, height: Int) -> [Float] {
    func sides(_ length: Int) -> [Side] {
      (0..<length).map { Side(before: min($0, reach), after: min(length - 1 - $0, reach)) }
    }
    let inner = Side(before: reach, after: reach)
    let middle = deviation(inner, inner)
    let columns = sides(width)
    var rows: [Side: [Float]] = [:]
    return sides(height).flatMap { y in
      if let row = rows[y] { return row }
      var weights: [Side: Float] = [:]
      for x in Set(columns) {
        let noise = deviation(x, y)
        weights[x] = noise > 0 ? Float(middle / noise) : 1
      }
      let row = columns.map { weights[$0] ?? 1 }
      rows[y] = row
      return row
    }
  }
}

extension EdgeNoise.Side {
  /// The response of one pixel, the one that has these pixels before and after it, to every pixel
  /// of an axis that is mirrored at its ends.
  func mirrored(_ taps: (Int) -> Double, radius: Int) -> [Double] {
    let length = before + 1 + after
    var response = [Double](repeating: 0, count: length)
    for k in -radius...radius {
      response[Int(glint_mirrored(Int32(before + k), Int32(length)))] += taps(k)
    }
    return response
  }
}

extension FilterDifference {
  /// The noise of the difference for white noise.
  var edgeNoise: EdgeNoise {
    EdgeNoise(reach: wide.radius) { x, y in
      func products(_ side: EdgeNoise.Side) -> (nn: Double, nw: Double, ww: Double) {
        let (n, w) = (narrow.response(side), wide.response(side))
        func sum(_ a: [Double], _ b: [Double]) -> Double {
          zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return (sum(n, n), sum(n, w), sum(w, w))
      }
      let (px, py) = (products(x), products(y))
      return max(px.nn * py.nn - 2 * px.nw * py.nw + px.ww * py.ww, 0).squareRoot()
    }
  }
}

extension NetGradient {
  /// The noise of the net gradient for white noise.
  package var edgeNoise: EdgeNoise {
    let weights = weights
    let reach = weights.side / 2
    return EdgeNoise(reach: reach) { x, y in
      let (columns, rows) = (x.before + 1 + x.after, y.before + 1 + y.after)
      func opposite(_ i: Int, _ centre: Int, _ n: Int) -> Int {
        Int(glint_opposite(Int32(i), Int32(centre), Int32(n)))
      }
      var folded = [Double](repeating: 0, count: rows * columns)
      for (k, value) in weights.values.enumerated() {
        let row = opposite(y.before + k / weights.side - reach, y.before, rows)
        let column = opposite(x.before + k % weights.side - reach, x.before, columns)
        folded[row * columns + column] += value
      }
      return folded.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
  }
}

extension SymmetricFilter {
  fileprivate func response(_ side: EdgeNoise.Side) -> [Double] {
    side.mirrored({ Double(taps[abs($0)]) }, radius: radius)
  }
}
