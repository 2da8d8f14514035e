import Foundation

/// A complex number of the reference implementations.
struct ComplexDouble {
  var re: Double
  var im: Double

  init(_ re: Double, _ im: Double) {
    self.re = re
    self.im = im
  }

  /// exp(sign 2πi turns).
  static func turn(_ turns: Double, _ sign: Double) -> ComplexDouble {
    ComplexDouble(cos(2 * .pi * turns), sign * sin(2 * .pi * turns))
  }

  static func + (a: ComplexDouble, b: ComplexDouble) -> ComplexDouble {
    ComplexDouble(a.re + b.re, a.im + b.im)
  }

  static func * (a: ComplexDouble, b: ComplexDouble) -> ComplexDouble {
    ComplexDouble(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
  }

  static func * (a: ComplexDouble, factor: Double) -> ComplexDouble {
    ComplexDouble(a.re * factor, a.im * factor)
  }
}
