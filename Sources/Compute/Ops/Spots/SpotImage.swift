import Foundation

/// What the reference fits need from a model: the expected image, in Double.
protocol SpotImage {
  /// Side of the box, pixels.
  var box: Int { get }
  /// Number of free parameters; they are the first columns.
  var parameters: Int { get }
  var leastSquares: Bool { get }
  /// Variance of Gaussian noise, used without a noise map.
  var noise: Float { get }
  /// Whether column 4 is z.
  var isAxial: Bool { get }
  /// Whether column 5 repeats column 4.
  var sharesWidth: Bool { get }
  /// Start values of columns 4 and 5; of several, the most likely is used.
  var starts: [[Double]] { get }
  func bounds(_ parameter: Int) -> ClosedRange<Double>
  /// Every pixel's mean without noise, and its derivatives with respect to the free parameters.
  func pixels(_ theta: [Double]) -> [(mean: Double, gradient: [Double])]
}

extension SpotImage {
  /// Bounds common to all models: photons and background are positive.
  func lightBounds(_ parameter: Int) -> ClosedRange<Double> {
    parameter == 2 ? 1...1e9 : 0.01...1e9
  }
}

extension SpotModel: SpotImage {
  var leastSquares: Bool { estimator == .leastSquares }
  var isAxial: Bool { astigmatism != nil }
  var sharesWidth: Bool { astigmatism == nil && sigmas == .free }

  var starts: [[Double]] {
    guard let astigmatism else { return [[Double(start.x), Double(start.y)]] }
    return astigmatism.heights.map { [Double($0), 0] }
  }

  func bounds(_ i: Int) -> ClosedRange<Double> {
    let side = Double(box)
    if i < 2 { return -side / 2...side / 2 }
    if i < 4 { return lightBounds(i) }
    guard let astigmatism else { return 0.3...side }
    return Double(astigmatism.lowestZ)...Double(astigmatism.highestZ)
  }

  func pixels(_ theta: [Double]) -> [(mean: Double, gradient: [Double])] {
    let widthX = astigmatism?.x.width(at: theta[4]) ?? (sigma: theta[4], slope: 0)
    let widthY = astigmatism?.y.width(at: theta[4]) ?? (sigma: theta[5], slope: 0)
    let x = axis(theta[0], widthX.sigma)
    let y = axis(theta[1], widthY.sigma)
    return y.flatMap { row in
      x.map { column in
        let position = [theta[2] * column.d * row.e, theta[2] * column.e * row.d]
        let linear = [column.e * row.e, 1]
        let widths = [theta[2] * column.s * row.e, theta[2] * column.e * row.s]
        let rest =
          if astigmatism != nil {
            [widths[0] * widthX.slope + widths[1] * widthY.slope]
          } else {
            switch sigmas {
            case .fixed: [Double]()
            case .free: [widths[0] + widths[1]]
            case .elliptical: widths
            }
          }
        return (theta[2] * row.e * column.e + theta[3], position + linear + rest)
      }
    }
  }

  /// One axis: value and derivatives with respect to centre and width, at every pixel.
  private func axis(
    _ centre: Double, _ sigma: Double
  ) -> [(e: Double, d: Double, s: Double)] {
    (0..<box).map { i in
      let u = Double(i - box / 2) - centre
      func density(_ z: Double) -> Double { exp(-z * z / 2) / ((2 * .pi).squareRoot() * sigma) }
      if pixels == .sampled {
        let z = u / sigma
        return (density(z), density(z) * z / sigma, density(z) * (z * z - 1) / sigma)
      }
      let (low, high) = ((u - 0.5) / sigma, (u + 0.5) / sigma)
      let mass = (erf(high / 2.0.squareRoot()) - erf(low / 2.0.squareRoot())) / 2
      return (mass, density(low) - density(high), low * density(low) - high * density(high))
    }
  }
}
