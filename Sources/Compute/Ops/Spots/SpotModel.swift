import CPUKernels

/// Which model a spot is fitted with, and how.
public struct SpotModel: Hashable, Sendable {
  /// Which widths of the Gaussian are parameters.
  public enum Sigma: String, Sendable, CaseIterable {
    case fixed
    case free
    case elliptical

    var parameters: Int { self == .fixed ? 4 : self == .free ? 5 : 6 }
  }

  public var sigma: Sigma
  public var leastSquares: Bool
  public var sampled: Bool

  public init(sigma: Sigma, leastSquares: Bool = false, sampled: Bool = false) {
    self.sigma = sigma
    self.leastSquares = leastSquares
    self.sampled = sampled
  }

  var kernelSuffix: String {
    sigma.rawValue + (leastSquares ? "_lsq" : "") + (sampled ? "_sampled" : "")
  }

  func defines(box: Int) -> [String: String] {
    [
      "BOX": "\(box)", "PARAMETERS": "\(sigma.parameters)",
      "LEAST_SQUARES": leastSquares ? "1" : "0", "SAMPLED": sampled ? "1" : "0",
    ]
  }
}
