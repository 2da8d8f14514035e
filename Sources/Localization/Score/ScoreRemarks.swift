import Foundation
import Reporting

/// What the errors of a table have in common, which is a wrong convention more often than a wrong fit.
extension Score {
  /// The number of pairs below which nothing is remarked.
  private static let fewestPairs = 10

  /// One line for each finding, such as "z is mirrored".
  public var remarks: [Message] {
    guard truePositives >= Self.fewestPairs else { return [] }
    var remarks: [Message] = []
    if let slope = zRelation?.scale, slope < -0.5 {
      remarks.append(
        """
        z is mirrored: found z falls with true z (slope \(String(format: "%.2f", slope))); the PSF or \
        one of the tables has the opposite sign
        """)
    }
    for (name, error) in [("x", x), ("y", y), ("z", z)] {
      guard let error, error.isMostlyConstant(over: truePositives) else { continue }
      remarks.append(
        """
        \(name) has a constant offset of \(String(format: "%+.1f", error.offset)) nm, which is most of \
        its error of \(String(format: "%.1f", error.rmse)) nm; the tables may have different origins
        """)
    }
    return remarks
  }
}

extension AxisError {
  /// Whether the mean error is more than half of the mean square, and no chance.
  fileprivate func isMostlyConstant(over pairs: Int) -> Bool {
    let spread = max(0, rmse * rmse - offset * offset).squareRoot()
    return offset * offset > rmse * rmse / 2
      && abs(offset) > 5 * spread / Double(pairs).squareRoot()
      && abs(offset) > 1
  }
}
