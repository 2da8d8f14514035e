import Foundation

/// Numbers as decimal text, without allocation: tables of 50 million rows pass through here.
package enum DecimalText {
  /// Bytes that no number written here exceeds.
  package static let longest = 32

  // Pointers, so that reads need no bounds checks. Unsafe, because the compiler cannot see that the
  // tables are written once, here, and never freed.
  nonisolated(unsafe) private static let power = permanent(
    (0...22).map { (exponent: Int) -> Double in pow(10, Double(exponent)) })
  nonisolated(unsafe) private static let integerPower = permanent(
    (0...18).map { (exponent: Int) -> UInt64 in UInt64(pow(10, Double(exponent))) })
  nonisolated(unsafe) private static let digitPairs = permanent(
    (0..<200).map { (index: Int) -> UInt8 in
      UInt8(48 + (index % 2 == 0 ? index / 20 : index / 2 % 10))
    })

  private static func permanent<T>(_ values: [T]) -> UnsafePointer<T> {
    let copy = UnsafeMutablePointer<T>.allocate(capacity: values.count)
    copy.initialize(from: values, count: values.count)
    return UnsafePointer(copy)
  }

  /// How many digits a column keeps.
  package enum Precision: Sendable {
    /// Digits after the point.
    case decimals(Int)
    /// Digits in all; 9 bring every Float back.
    case significant(Int)
  }

  /// Writes `value` without trailing zeros at `place` and returns the end of it.
  @inline(__always)
  package static func write(
    _ value: Double, _ precision: Precision, at place: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    let magnitude = abs(value)
    // Also false for NaN and infinity.
    guard magnitude < 1e9 else { return writeRare(value, at: place) }
    var decimals: Int
    switch precision {
    case .decimals(let count): decimals = count
    case .significant(let count):
      if magnitude == magnitude.rounded(.down) {
        decimals = 0
      } else if magnitude >= 1 {
        decimals = count
        var bound = 1.0
        while magnitude >= bound, decimals > 0 {
          bound *= 10
          decimals -= 1
        }
      } else {
        decimals = count
        while decimals < 17, magnitude < 1 / power[decimals - count + 1] { decimals += 1 }
        if magnitude < 1e-6 { return writeTiny(value, count, at: place) }
      }
    }
    let scaled = UInt64((magnitude * power[decimals]).rounded())
    var place = place
    if value < 0, scaled != 0 {
      place[0] = UInt8(ascii: "-")
      place += 1
    }
    let whole = scaled / integerPower[decimals]
    place = write(whole, at: place)
    var fraction = scaled - whole * integerPower[decimals]
    guard fraction != 0 else { return place }
    while fraction % 10 == 0 {
      fraction /= 10
      decimals -= 1
    }
    place[0] = UInt8(ascii: ".")
    var digit = decimals
    while digit > 0 {
      place[digit] = UInt8(truncatingIfNeeded: 48 + fraction % 10)
      fraction /= 10
      digit -= 1
    }
    return place + decimals + 1
  }

  /// Writes a whole number and returns the end of it.
  @inline(__always)
  package static func write(
    _ value: UInt64, at place: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    var digits = 1
    while digits < 19, value >= integerPower[digits] { digits += 1 }
    if digits == 19, value >= 10_000_000_000_000_000_000 { digits = 20 }
    var rest = value
    var end = digits
    while rest >= 100 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      rest = quotient
      end -= 2
      place[end] = digitPairs[Int(pair) * 2]
      place[end + 1] = digitPairs[Int(pair) * 2 + 1]
    }
    if rest >= 10 {
      place[0] = digitPairs[Int(rest) * 2]
      place[1] = digitPairs[Int(rest) * 2 + 1]
    } else {
      place[0] = UInt8(truncatingIfNeeded: 48 + rest)
    }
    return place + digits
  }

  /// A value other than 0 below 1e-6, with an exponent.
  @inline(never)
  private static func writeTiny(
    _ value: Double, _ digits: Int, at place: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    var (magnitude, exponent) = (abs(value), 0)
    while magnitude < 1e-21 {
      magnitude *= power[22]
      exponent += 22
    }
    var step = 0
    while magnitude * power[step] < 1 { step += 1 }
    exponent += step
    var mantissa = UInt64((magnitude * power[step] * power[digits - 1]).rounded())
    if mantissa == integerPower[digits] { exponent -= 1 }
    while mantissa % 10 == 0 { mantissa /= 10 }
    var place = place
    if value < 0 {
      place[0] = UInt8(ascii: "-")
      place += 1
    }
    // The digits one place to the right, then the first of them before the point.
    var end = write(mantissa, at: place + 1)
    place[0] = place[1]
    place[1] = UInt8(ascii: ".")
    if end == place + 2 { end = place + 1 }
    end[0] = UInt8(ascii: "e")
    end[1] = UInt8(ascii: "-")
    end[2] = UInt8(ascii: "0")
    return write(UInt64(exponent), at: end + (exponent < 10 ? 3 : 2))
  }

  /// Huge values in the shortest form that brings them back; NaN as other tools spell it.
  @inline(never)
  private static func writeRare(
    _ value: Double, at place: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    let text =
      value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "Infinity" : "-Infinity") : "\(value)"
    for (index, byte) in text.utf8.enumerated() { place[index] = byte }
    return place + text.utf8.count
  }

  /// Reads the number at `place`, which lies in text that ends with a line feed, and moves `place`
  /// behind it. Returns nil, with `place` unmoved, where there is none. Correctly rounded.
  @inline(__always)
  package static func read(_ place: inout UnsafePointer<UInt8>) -> Double? {
    var p = place
    let negative = p[0] == UInt8(ascii: "-")
    if negative || p[0] == UInt8(ascii: "+") { p += 1 }
    var mantissa: UInt64 = 0
    var significant = 0
    let start = p
    while case let digit = p[0] &- 48, digit < 10 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      if mantissa != 0 { significant += 1 }
      p += 1
    }
    var digits = p - start
    var exponent = 0
    if p[0] == UInt8(ascii: ".") {
      p += 1
      let point = p
      while case let digit = p[0] &- 48, digit < 10 {
        mantissa = mantissa &* 10 &+ UInt64(digit)
        if mantissa != 0 { significant += 1 }
        p += 1
      }
      exponent = point - p
      digits -= exponent
    }
    guard digits > 0 else { return readWord(&place) }
    if p[0] | 0x20 == UInt8(ascii: "e") {
      var q = p + 1
      let below = q[0] == UInt8(ascii: "-")
      if below || q[0] == UInt8(ascii: "+") { q += 1 }
      let first = q
      var power = 0
      while case let digit = q[0] &- 48, digit < 10 {
        if power < 10_000 { power = power * 10 + Int(digit) }
        q += 1
      }
      if q > first {
        exponent += below ? -power : power
        p = q
      }
    }
    let value: Double
    // Both numbers are exact in Double, so one operation rounds once.
    if significant <= 19, mantissa < 1 << 53, exponent >= -22, exponent <= 22 {
      value =
        exponent < 0 ? Double(mantissa) / power[-exponent] : Double(mantissa) * power[exponent]
    } else {
      value = abs(readLong(from: place, to: p))
    }
    place = p
    return negative ? -value : value
  }

  /// Numbers with more digits than 53 bits hold.
  @inline(never)
  private static func readLong(from start: UnsafePointer<UInt8>, to end: UnsafePointer<UInt8>)
    -> Double
  {
    // The syntax is known to be that of a decimal number, and a line feed or delimiter ends it.
    let text = String(
      decoding: UnsafeBufferPointer(start: start, count: end - start), as: UTF8.self)
    return Double(text) ?? .nan
  }

  /// "NaN", "inf" and "Infinity" in any case, with or without sign.
  @inline(never)
  private static func readWord(_ place: inout UnsafePointer<UInt8>) -> Double? {
    var p = place
    let negative = p[0] == UInt8(ascii: "-")
    if negative || p[0] == UInt8(ascii: "+") { p += 1 }
    for (word, value) in [("infinity", Double.infinity), ("inf", .infinity), ("nan", .nan)] {
      let matches = word.utf8.enumerated().allSatisfy { index, byte in
        // Letters of the word never equal a line feed, so the comparison stops at the text's end.
        p[index] | 0x20 == byte
      }
      if matches {
        place = p + word.utf8.count
        return negative ? -value : value
      }
    }
    return nil
  }
}
