import Microscopy
import Testing

@Suite struct AstigmaticPSFTests {
  private static func psf(_ x: WidthCurve, _ range: ClosedRange<Double> = -400...400)
    -> AstigmaticPSF
  {
    AstigmaticPSF(x: x, y: .polynomial([1.2]), zRange: range, pixelSize: 100)
  }

  @Test func widths() {
    // At the focus, and one depth away: √2, or √(1 + 1 + A + B) with higher terms.
    let plain = WidthCurve.defocus(width: 1.5, focus: 100, depth: 400, terms: [])
    #expect(plain.width(at: 100) == 1.5)
    #expect(abs(plain.width(at: 500) - 1.5 * 2.0.squareRoot()) < 1e-12)
    let bent = WidthCurve.defocus(width: 1.5, focus: 100, depth: 400, terms: [0.5, -0.25])
    #expect(abs(bent.width(at: 500) - 1.5 * 2.25.squareRoot()) < 1e-12)
    #expect(abs(bent.width(at: -300) - 1.5 * 1.25.squareRoot()) < 1e-12)
    // c₀ + c₁ z + c₂ z².
    #expect(WidthCurve.polynomial([1, 0.5, 0.25]).width(at: 2) == 3)
  }

  @Test func impossibleCalibrations() {
    #expect(Self.psf(.polynomial([1.2])).problem == nil)
    for curve in [
      WidthCurve.polynomial([]), .polynomial([.nan]), .polynomial([0.1]), .polynomial([1, 0.1]),
      .polynomial(Array(repeating: 0, count: 8)),
      .defocus(width: 1, focus: 0, depth: 0, terms: []),
      .defocus(width: 1, focus: 0, depth: 300, terms: [0, 0, 0, 0, 0]),
      .defocus(width: 1, focus: 0, depth: 300, terms: [-3]),
    ] {
      #expect(Self.psf(curve).problem?.contains("of x") == true, "\(curve)")
    }
  }

  @Test func theConventionIsStatedInWords() {
    let convention = AxialConvention(direction: .focus, origin: "the coverslip", indexFactor: 0.75)
    #expect(convention.summary.contains("focal plane's height above the molecule"))
    #expect(convention.summary.contains("0 at the coverslip, times 0.75"))
  }
}
