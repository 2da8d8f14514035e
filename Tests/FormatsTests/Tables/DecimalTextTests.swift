import Compute
import Formats
import Foundation
import Testing

@Suite struct DecimalTextTests {
  private func write(_ value: Double, _ precision: DecimalText.Precision) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DecimalText.longest) { buffer in
      let end = DecimalText.write(value, precision, at: buffer.baseAddress!)
      return String(decoding: buffer[..<(end - buffer.baseAddress!)], as: UTF8.self)
    }
  }

  private func read(_ text: String) -> (value: Double?, rest: String) {
    var bytes = Array(text.utf8)
    bytes.append(10)
    return bytes.withUnsafeBufferPointer { buffer in
      var place = buffer.baseAddress!
      let value = DecimalText.read(&place)
      let rest = buffer[(place - buffer.baseAddress!)..<(buffer.count - 1)]
      return (value, String(decoding: rest, as: UTF8.self))
    }
  }

  private static let threeDecimals: [(Double, String)] = [
    (0.0, "0"), (-0.0, "0"), (1, "1"), (-1.5, "-1.5"), (0.001, "0.001"), (0.0004, "0"),
    (-0.0004, "0"), (0.0005, "0.001"), (12345.6789, "12345.679"), (99.9995, "100"),
    (1e8, "100000000"), (99_999_999.9995, "100000000"), (10.02, "10.02"), (.nan, "NaN"),
    (.infinity, "Infinity"), (-.infinity, "-Infinity"), (1e12, "1000000000000.0"),
  ]

  @Test(arguments: threeDecimals)
  func decimals(value: Double, text: String) { #expect(write(value, .decimals(3)) == text) }

  private static let nineDigits: [(Double, String)] = [
    (1.0, "1"), (123456789.0, "123456789"), (0.1, "0.1"), (1.0 / 3, "0.333333333"),
    (2000.0 / 3, "666.666667"), (1e-3 / 3, "0.000333333333"), (-0.5, "-0.5"), (1e-9, "1e-09"),
    (0.099999999996, "0.1"), (9.9999999996, "10"),
    (-2.5e-7, "-2.5e-07"), (9.9999999996e-7, "1e-06"), (1.5e-22, "1.5e-22"),
    (1.0 / 3e100, "3.33333333e-101"), (.leastNonzeroMagnitude, "4.94065646e-324"),
  ]

  @Test(arguments: nineDigits)
  func significant(value: Double, text: String) { #expect(write(value, .significant(9)) == text) }

  @Test func nineDigitsBringEveryFloatBack() {
    var random = SampleGenerator(seed: 3)
    for _ in 0..<20_000 {
      let float = Float(bitPattern: UInt32.random(in: 0..<0x7F80_0000, using: &random))
      let text = write(Double(float), .significant(9))
      #expect(Float(read(text).value ?? .nan) == float, "\(float) as \(text)")
    }
  }

  @Test func readingIsCorrectlyRounded() {
    var random = SampleGenerator(seed: 4)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: UInt64.random(in: 0..<0x7FF0_0000_0000_0000, using: &random))
      #expect(read("\(value)").value == value)
      let short = Double.random(in: -1e6...1e6, using: &random)
      for format in ["%.3f", "%.12f", "%.20f", "%e", "%.0f"] {
        let text = String(format: format, short)
        #expect(read(text).value == Double(text), "\(text)")
      }
    }
  }

  private static let numbers: [(String, Double, String)] = [
    ("12,", 12.0, ","), ("-.5x", -0.5, "x"), ("+7.", 7, ""), ("1e5e", 1e5, "e"), ("3e", 3, "e"),
    ("3e+", 3, "e+"), ("1e400", .infinity, ""), ("1e-400", 0, ""), ("inf,", .infinity, ","),
    ("-Infinity", -.infinity, ""), ("00012", 12, ""),
    ("123456789012345678901234567890", 123456789012345678901234567890.0, ""),
  ]

  @Test(arguments: numbers)
  func stopsBehindTheNumber(text: String, value: Double, rest: String) {
    let result = read(text)
    #expect(result.value == value)
    #expect(result.rest == rest)
  }

  @Test(arguments: ["", "-", ".", "+.", "e5", "na", "--1", "x"])
  func noNumber(text: String) {
    let result = read(text)
    #expect(result.value == nil)
    #expect(result.rest == text)
  }

  @Test func notANumber() { #expect(read("NaN,").value?.isNaN == true) }
}
