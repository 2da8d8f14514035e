/// How much more noise single frames have than their camera explains.
///
/// The mask [1 −2 1; −2 4 −2; 1 −2 1] (Immerkær, Comput. Vis. Image Underst. 64, 300 (1996)) removes
/// what is smooth; the median of its magnitude, squared, is compared with the median of the expected
/// variance. Unlike `NoiseCheck` this needs no second frame and measures between molecules.
package enum NoiseFactor {
  /// The noise of a camera that is described well reaches this.
  package static let credible = 1.2

  /// Measured variance divided by expected variance; nil if the frame is too small or has no light.
  ///
  /// - Parameters:
  ///   - frame: counts with Poisson statistics, row by row.
  ///   - noise: the variance of Gaussian noise, counts squared: one for all pixels, or one for each.
  package static func of(_ frame: [Float], width: Int, noise: [Float]) -> Double? {
    let height = frame.count / max(width, 1)
    guard width >= 8, height >= 8 else { return nil }
    var residuals: [Double] = []
    residuals.reserveCapacity(frame.count)
    func row(_ y: Int, _ x: Int) -> Float {
      let k = y * width + x
      return frame[k - 1] - 2 * frame[k] + frame[k + 1]
    }
    for y in 1..<height - 1 {
      for x in 1..<width - 1 {
        let residual = row(y - 1, x) - 2 * row(y, x) + row(y + 1, x)
        if residual.isFinite { residuals.append(Double(abs(residual))) }
      }
    }
    let expected = frame.indices.compactMap { k -> Double? in
      let variance = frame[k] + noise[noise.count == 1 ? 0 : k]
      return variance.isFinite ? Double(variance) : nil
    }
    guard !residuals.isEmpty, !expected.isEmpty else { return nil }
    let sigma = 1.4826 * residuals.median
    let usual = expected.median
    guard sigma > 0, usual > 0 else { return nil }
    return sigma * sigma / 36 / usual
  }
}
