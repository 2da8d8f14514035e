import Foundation

/// Maps grey levels to colours.
public enum ColourMap: String, CaseIterable, Hashable, Sendable {
  case grey
  /// From black through red and orange to white, with lightness proportional to the value.
  case ember

  /// Red, green and blue of each of the 256 levels.
  var table: [UInt8] { self == .grey ? Self.greyTable : Self.emberTable }

  private static let greyTable = (0..<256).flatMap { [UInt8](repeating: UInt8($0), count: 3) }
  private static let emberTable = (0..<256).flatMap { ember(Double($0) / 255) }

  /// Equal steps of OKLab lightness (Ottosson 2020), a hue from red to yellow, and chroma that
  /// follows an arc over the range, limited by the screen's gamut.
  private static func ember(_ lightness: Double) -> [UInt8] {
    let hue = (20 + 85 * lightness) * .pi / 180
    var chroma = 0.24 * pow(sin(.pi * lightness), 0.8)
    while chroma > 0 {
      let colour = linear(lightness, chroma * cos(hue), chroma * sin(hue))
      if colour.allSatisfy({ $0 > -1e-4 && $0 < 1.0001 }) { break }
      chroma = chroma < 1e-3 ? 0 : chroma - 1e-3
    }
    return linear(lightness, chroma * cos(hue), chroma * sin(hue)).map { value in
      let value = min(max(value, 0), 1)
      let encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
      return UInt8((encoded * 255).rounded())
    }
  }

  /// OKLab to linear sRGB.
  private static func linear(_ lightness: Double, _ a: Double, _ b: Double) -> [Double] {
    let long = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3)
    let medium = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3)
    let short = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3)
    return [
      4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
      -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
      -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    ]
  }
}
