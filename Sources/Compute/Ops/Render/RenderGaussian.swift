import CPUKernels
import Foundation

/// Image of localizations, each drawn as a Gaussian with the width of its uncertainty.
///
/// Inputs: x, y float32 [rows] in pixels of the image (the first pixel's centre is (0, 0)), weight
/// and σ (pixels) float32 [rows], number int32 [1] of valid rows. Output: float32 [height, width].
/// Each Gaussian is integrated over pixels out to 4 σ (at most `maximumRadius` pixels) and divided
/// by its own sum, so that it adds exactly its weight for any σ, and small σ give a histogram
/// (SMAPpy's rule); σ is at least 0.001. Parts outside the image are lost. A row with a NaN or an
/// infinite σ is left out.
package struct RenderGaussian: NotDifferentiable {
  package static let name = "render_gaussian"
  private let target: RenderTarget

  /// - Parameters:
  ///   - height: height of the image, pixels.
  ///   - width: width of the image, pixels.
  ///   - maximumRadius: radius at which wide Gaussians are cut, pixels, up to 4096.
  package init(height: Int, width: Int, maximumRadius: Int = 256) {
    target = RenderTarget(height: height, width: width, maximumRadius: maximumRadius)
  }

  package var parameters: String {
    "\(target.width)×\(target.height), radius up to \(target.maximumRadius)"
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try target.check(inputs, lists: 4, Self.name)
    guard (0...4096).contains(target.maximumRadius) else {
      throw ShapeError(
        Self.name, "a largest radius of \(target.maximumRadius) pixels is out of range",
        hint: "use 0 to 4096, or larger pixels")
    }
    return [target.type]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    var image = [Double](repeating: 0, count: target.type.count)
    for row in 0..<min(Int(inputs[4].values[0]), inputs[0].values.count) {
      let (x, y) = (inputs[0].values[row], inputs[1].values[row])
      let (weight, width) = (inputs[2].values[row], inputs[3].values[row])
      let far = Double(2 * (target.width + target.height + target.maximumRadius))
      guard abs(x) < far, abs(y) < far, width < .infinity, !weight.isNaN else { continue }
      let sigma = max(width, Double(Float(0.001)))
      let radius = Int(min(4 * sigma + 1, Double(target.maximumRadius)))
      let (across, left) = masses(x, sigma, radius)
      let (down, top) = masses(y, sigma, radius)
      let scale = weight / (across.reduce(0, +) * down.reduce(0, +))
      for (v, share) in down.enumerated() where (0..<target.height).contains(top + v) {
        for (u, mass) in across.enumerated() where (0..<target.width).contains(left + u) {
          image[(top + v) * target.width + left + u] += share * mass * scale
        }
      }
    }
    return [Reference(target.type, image)]
  }

  /// The integrals over the pixels within the radius, and the first of these pixels.
  private func masses(_ place: Double, _ sigma: Double, _ radius: Int) -> ([Double], Int) {
    let first = Int((Float(place) + 0.5).rounded(.down)) - radius
    let below = (0...2 * radius + 1).map {
      0.5 * erfc((place - Double(first + $0) + 0.5) / (sigma * 2.0.squareRoot()))
    }
    return (zip(below.dropFirst(), below).map { $0 - $1 }, first)
  }

  package var cpu: [Candidate<CPULaunch>] {
    [
      target.cpu(
        glint_cpu_render_gaussian,
        .init(
          xs: .input(0), ys: .input(1), weights: .input(2), sigmas: .input(3), count: .input(4),
          image: .output(0)))
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      target.openCL(
        glint_opencl_render_gaussian,
        .init(
          xs: .input(0), ys: .input(1), weights: .input(2), sigmas: .input(3), count: .input(4),
          sums: .workspace(0)))
    ]
  }

  package static var samples: [Sample] {
    func sample(
      _ height: Int, _ width: Int, rows: Int, filled: Int, sigma: ClosedRange<Double>,
      radius: Int = 256, note: String = ""
    ) -> Sample {
      let range = -5...Double(max(height, width)) + 5
      var x = Reference.random([rows], range, seed: 111)
      var widths = Reference.random([rows], sigma, seed: 113)
      if rows > 5 {
        (x.values[1], x.values[2]) = (.nan, .infinity)
        (widths.values[3], widths.values[4]) = (.nan, .infinity)
      }
      // Each integral has an error of up to 1e-7; a spot's weight is at most 10.
      return Sample(
        RenderGaussian(height: height, width: width, maximumRadius: radius),
        [
          x, .random([rows], range, seed: 112), .random([rows], 0...10, seed: 114), widths,
          Reference(TensorType(.int32, 1), [Double(filled)]),
        ], note: note, .absolute(Double(filled) * 10 * 3e-7), tiny: rows < 10 && height < 30)
    }
    return [
      sample(1, 1, rows: 1, filled: 1, sigma: 1...1),
      sample(13, 17, rows: 7, filled: 6, sigma: 0.3...2),
      sample(33, 65, rows: 300, filled: 299, sigma: 0.2...3),
      sample(70, 31, rows: 40, filled: 50, sigma: 5...30, note: "wide"),
      sample(70, 31, rows: 40, filled: 40, sigma: 2...30, radius: 9, note: "cut"),
      sample(40, 40, rows: 400, filled: 400, sigma: 0...0, note: "points"),
      sample(5, 5, rows: 20, filled: 0, sigma: 1...1, note: "none"),
    ]
  }
}
