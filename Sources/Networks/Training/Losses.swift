import Compute
import Foundation

extension Graph {
  /// The mean of (a − b)² over all elements, float32 [1].
  mutating func meanSquaredError(_ a: Value, _ b: Value) throws -> Value {
    try meanSquare(apply(Binary(.subtract), a, b))
  }

  /// The mean of a² over all elements, float32 [1].
  mutating func meanSquare(_ a: Value) throws -> Value {
    try meanOfAll(apply(Elementwise(.square), a))
  }

  /// The mean of |a| over all elements, float32 [1].
  mutating func meanAbsolute(_ a: Value) throws -> Value {
    try meanOfAll(apply(Elementwise(.abs), a))
  }

  private mutating func meanOfAll(_ value: Value) throws -> Value {
    let axes = Array(type(of: value).shape.indices)
    return try reshaped(apply(Reduce(.mean, axes: axes), value), to: [1])
  }

  private mutating func sumOfAll(_ values: Value...) throws -> Value {
    let axes = Array(type(of: values[0]).shape.indices)
    return try reshaped(apply(Reduce(.sum, axes: axes), to: values)[0], to: [1])
  }

  /// The mean of −Σ t ln p over the last axis, float32 [1].
  ///
  /// - Parameters:
  ///   - probabilities: of the classes, which are the last axis, from a softmax.
  ///   - truth: 1 for the true class, 0 for the others; of the same shape.
  mutating func crossEntropy(_ probabilities: Value, _ truth: Value) throws -> Value {
    let logarithms = try apply(Elementwise(.atLeast(1e-30), .log), probabilities)
    let sums = try apply(
      Reduce(.sum, axes: [type(of: truth).shape.count - 1]), truth, logarithms)
    return try apply(Elementwise(.affine(scale: -1, shift: 0)), meanOfAll(sums))
  }

  /// The share of rows whose true class has the largest probability, float32 [1].
  mutating func accuracy(of probabilities: Value, _ truth: Value) throws -> Value {
    let axis = type(of: truth).shape.count - 1
    let most = try apply(Reduce(.maximum, axes: [axis]), probabilities)
    let right = try apply(Reduce(.sum, axes: [axis]), probabilities, truth)
    return try meanOfAll(apply(Binary(.atMost), most, right))
  }

  /// The mean of −t ln p − (1 − t) ln (1 − p) over all elements, float32 [1]. Probabilities are
  /// kept 10⁻⁷ away from 0 and 1, as in Keras.
  mutating func binaryCrossEntropy(_ probabilities: Value, _ truth: Value) throws -> Value {
    let p = try apply(Elementwise(.atLeast(1e-7), .atMost(1 - 1e-7)), probabilities)
    let rest = Elementwise(.affine(scale: -1, shift: 1))
    let on = try sumOfAll(truth, apply(Elementwise(.log), p))
    let off = try sumOfAll(apply(rest, truth), apply(Elementwise(.log), apply(rest, p)))
    let scale = -1 / Float(type(of: truth).count)
    return try apply(Elementwise(.affine(scale: scale, shift: 0)), apply(Add(), on, off))
  }

  /// How little p overlaps with t, 1 − (2 Σpt + 1) / (Σpt + Σt² + 1), float32 [1].
  ///
  /// Dice's coefficient has Σp² where this has Σpt; the authors of DeepSTORM3D train with this.
  mutating func lackOfOverlap(_ p: Value, _ t: Value) throws -> Value {
    let common = try sumOfAll(p, t)
    let all = try apply(Add(), common, sumOfAll(t, t))
    let share = try apply(
      Binary(.divide), apply(Elementwise(.affine(scale: 2, shift: 1)), common),
      apply(Elementwise(.affine(scale: 1, shift: 1)), all))
    return try apply(Elementwise(.affine(scale: -1, shift: 1)), share)
  }

  /// The mean of ((a − b) / bound)² over all elements, float32 [1]: 1 for errors as large as their
  /// √CRLB.
  ///
  /// - Parameter bound: the √CRLB of each element, in its unit.
  mutating func squaredErrorOverBound(_ a: Value, _ b: Value, bound: Value) throws -> Value {
    try meanSquare(apply(Binary(.divide), apply(Binary(.subtract), a, b), bound))
  }

  /// The squared maximum mean discrepancy of weighted points, Σ over σ with the kernel
  /// exp(−‖p − q‖₁ / σ), the mean over the batch, float32 [1].
  ///
  /// Gretton et al., JMLR 13:723 (2012), as DeepLOCO's authors use it.
  ///
  /// - Parameters:
  ///   - a: points [batch, points, axes] and their weights [batch, points, 1].
  ///   - b: the same; the number of points may differ.
  mutating func squaredDiscrepancy(
    _ a: (points: Value, weights: Value), _ b: (points: Value, weights: Value), sigmas: [Double]
  ) throws -> Value {
    /// Σ w v k over all pairs.
    func pairs(
      _ p: (points: Value, weights: Value), _ q: (points: Value, weights: Value), _ factor: Float
    ) throws -> Value {
      let (left, right) = (type(of: p.points).shape, type(of: q.points).shape)
      func row(_ value: Value, _ last: Int) throws -> Value {
        try reshaped(value, to: [left[0], left[1], 1, last])
      }
      func column(_ value: Value, _ last: Int) throws -> Value {
        try reshaped(value, to: [right[0], 1, right[1], last])
      }
      let distance = try apply(
        Reduce(.sum, axes: [3]),
        apply(
          Elementwise(.abs),
          apply(Binary(.subtract), row(p.points, left[2]), column(q.points, right[2]))))
      let kernels = try sigmas.map {
        try apply(Elementwise(.affine(scale: Float(-1 / $0), shift: 0), .exp), distance)
      }
      let kernel = try kernels.dropFirst().reduce(kernels[0]) { try apply(Add(), $0, $1) }
      let weights = try apply(Binary(.multiply), row(p.weights, 1), column(q.weights, 1))
      let scale = factor / Float(left[0])
      return try apply(Elementwise(.affine(scale: scale, shift: 0)), sumOfAll(kernel, weights))
    }
    return try apply(
      Add(), apply(Add(), pairs(a, a, 1), pairs(a, b, -2)), pairs(b, b, 1))
  }

  /// A volume [batch, height, width, planes], blurred by a sampled Gaussian of height 1.
  ///
  /// Zeros lie before the first and after the last plane. Along the other axes only places are kept
  /// where the window is inside: [batch, height − side + 1, width − side + 1, planes].
  ///
  /// - Parameter side: of the window, an odd number of voxels.
  mutating func blurredVolume(_ volume: Value, sigma: Double, side: Int) throws -> Value {
    let shape = type(of: volume).shape
    let (height, width) = (shape[1] - side + 1, shape[2] - side + 1)
    let taps = (0..<side).map { index -> Float in
      let distance = Double(index - side / 2)
      return Float(exp(-distance * distance / (2 * sigma * sigma)))
    }
    // Each axis in turn is one of an image with a single channel.
    func along(
      _ image: [Int], _ value: Value, down: Bool, _ padding: Convolution.Padding
    ) throws -> Value {
      let kernel = constant(Tensor(taps, shape: down ? [side, 1, 1, 1] : [1, side, 1, 1]))
      return try apply(
        Convolution(padding: padding), to: [reshaped(value, to: image + [1]), kernel])[0]
    }
    let rows = try along([shape[0], shape[1], shape[2] * shape[3]], volume, down: true, .valid)
    let columns = try along([shape[0] * height, shape[2], shape[3]], rows, down: true, .valid)
    let planes = try along([shape[0], height * width, shape[3]], columns, down: false, .same)
    return try reshaped(planes, to: [shape[0], height, width, shape[3]])
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
