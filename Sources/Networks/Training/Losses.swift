import Compute
import Foundation

extension Graph {
  /// The mean of (a − b)² over all elements, float32 [1].
  mutating func meanSquaredError(_ a: Value, _ b: Value) throws -> Value {
    try meanOfAll(apply(Elementwise(.square), apply(Binary(.subtract), a, b)))
  }

  /// The mean of |a| over all elements, float32 [1].
  mutating func meanAbsolute(_ a: Value) throws -> Value {
    try meanOfAll(apply(Elementwise(.abs), a))
  }

  private mutating func meanOfAll(_ value: Value) throws -> Value {
    let axes = Array(type(of: value).shape.indices)
    return try reshaped(apply(Reduce(.mean, axes: axes), value), to: [1])
  }

  /// An image of one channel, blurred by a sampled Gaussian whose values add up to `sum`; zeros lie
  /// outside the image.
  ///
  /// - Parameter side: of the window, an odd number of pixels.
  mutating func blurred(_ image: Value, sigma: Double, side: Int, sum: Double) throws -> Value {
    let taps = (0..<side * side).map { index -> Double in
      let (y, x) = (Double(index / side - side / 2), Double(index % side - side / 2))
      return exp(-(x * x + y * y) / (2 * sigma * sigma))
    }
    let scale = sum / taps.reduce(0, +)
    let kernel = constant(Tensor(taps.map { Float($0 * scale) }, shape: [side, side, 1, 1]))
    return try apply(Convolution(), to: [image, kernel])[0]
  }
}
