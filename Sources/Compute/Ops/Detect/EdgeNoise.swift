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
    for k in -radius...radius { response[mirroredIndex(before + k, length)] += taps(k) }
    return response
  }
}

/// The index of sample i of an axis of n samples that is mirrored at its ends.
func mirroredIndex(_ i: Int, _ n: Int) -> Int {
  let m = (i % (2 * n) + 2 * n) % (2 * n)
  return m < n ? m : 2 * n - 1 - m
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

extension SymmetricFilter {
  fileprivate func response(_ side: EdgeNoise.Side) -> [Double] {
    side.mirrored({ Double(taps[abs($0)]) }, radius: radius)
  }
}
