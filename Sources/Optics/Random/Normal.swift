import Foundation

extension RandomStream {
  /// Standard normal, by the ziggurat of 256 layers (Marsaglia & Tsang, J. Stat. Softw. 5, 8
  /// (2000)).
  @inline(__always)
  package mutating func normal() -> Double {
    let edges = Ziggurat.edges
    while true {
      let bits = next()
      let layer = Int(bits & 255)
      let z = (Double(Int64(bitPattern: bits) >> 11) + 0.5) * 0x1p-52 * edges[layer]
      if abs(z) < edges[layer + 1] { return z }
      if let z = normalOutside(layer, z) { return z }
    }
  }

  /// The rare cases: the tail beyond the lowest layer, and the wedge under the curve in the others.
  @inline(never)
  private mutating func normalOutside(_ layer: Int, _ z: Double) -> Double? {
    if layer == 0 {
      while true {
        let x = exponential() / Ziggurat.tail
        if 2 * exponential() >= x * x { return z < 0 ? -Ziggurat.tail - x : Ziggurat.tail + x }
      }
    }
    let (low, high) = (Ziggurat.density(layer), Ziggurat.density(layer + 1))
    return low + uniform() * (high - low) < exp(-0.5 * z * z) ? z : nil
  }
}

/// Layers of equal area under exp(-x²/2); `edges[i]` is the half width of layer i.
private enum Ziggurat {
  static let tail = 3.654_152_885_361_008_8
  private static let area = 0.004_928_673_233_992_3

  static func density(_ i: Int) -> Double { exp(-0.5 * edges[i] * edges[i]) }

  /// A pointer, so that a draw costs neither a reference count nor a bounds check. Unsafe, because
  /// the compiler cannot see that the memory is written once, here, and never freed.
  nonisolated(unsafe) static let edges: UnsafePointer<Double> = {
    let x = UnsafeMutablePointer<Double>.allocate(capacity: 257)
    x[0] = area * exp(0.5 * tail * tail)
    x[1] = tail
    for i in 2..<256 {
      x[i] = (-2 * log(area / x[i - 1] + exp(-0.5 * x[i - 1] * x[i - 1]))).squareRoot()
    }
    x[256] = 0
    return UnsafePointer(x)
  }()
}
