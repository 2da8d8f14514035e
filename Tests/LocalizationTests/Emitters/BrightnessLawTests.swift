import Foundation
import Localization
import Optics
import Testing

@Suite struct BrightnessLawTests {
  /// Photons with 3 % of error, some of them two molecules at one place.
  private func law(
    _ count: Int, pairs: Double = 0.1, photons: (inout RandomStream) -> Double
  ) -> BrightnessLaw? {
    var random = RandomStream(seed: 4)
    let values = (0..<count).map { _ in
      let own = photons(&random) + (random.uniform() < pairs ? photons(&random) : 0)
      return own * (1 + 0.03 * random.normal())
    }
    return BrightnessLaw(photons: values, errors: values.map { 0.03 * $0 })
  }

  @Test func equalMoleculesAmongPairs() throws {
    let law = try #require(law(1000) { _ in 3000 })
    #expect(abs(law.photons / 3000 - 1) < 0.01)
    #expect(law.spread == 0.05 && law.molecules == 1000)
    #expect(0.85...0.95 ~= law.inside)
  }

  @Test(arguments: [0.2, 0.35])
  func widths(_ spread: Double) throws {
    let law = try #require(law(2000) { 3000 * exp(spread * $0.normal()) })
    #expect(abs(law.photons / 3000 - 1) < 0.1)
    // Pairs widen what is seen.
    #expect(-0.02...0.1 ~= law.spread! - spread)
  }

  @Test func wideLawsAndFewMolecules() throws {
    #expect(law(2000) { 3000 * $0.exponential() }?.spread == nil)
    #expect(law(150) { _ in 3000 }?.spread == nil)
    #expect(abs(law(150) { _ in 3000 }!.photons / 3000 - 1) < 0.03)
    #expect(law(5) { _ in 3000 } == nil)
    // Molecules whose photons are hardly known do not count.
    #expect(BrightnessLaw(photons: [100, 200, 300], errors: [50, 50, 50]) == nil)
  }
}
