import Foundation
import Testing

@testable import Localization

@Suite struct ErrorScaleTests {
  /// Distances of pairs whose errors are `factor` times the stated ones, and of pairs by chance.
  private func squares(factor: Double, same: Int, others: Int) -> [Double] {
    var random = Numbers(seed: 7)
    var result: [Double] = []
    while result.count < same {
      let square = -2 * factor * factor * log(1 - random.next())
      if square < ErrorScale.most { result.append(square) }
    }
    return result + (0..<others).map { _ in ErrorScale.most * random.next() }
  }

  @Test(arguments: [0.5, 1, 1.8])
  func factorIsFoundAmongPairsByChance(_ factor: Double) throws {
    let scale = try #require(
      ErrorScale(squares: squares(factor: factor, same: 3000, others: 600)))
    #expect(abs(scale.factor - factor) < 4 * scale.error)
    #expect(scale.error < 0.03 * factor)
    #expect(scale.pairs == 3600)
    #expect(abs(scale.share - 3000 / 3600) < 0.05)
  }

  @Test func fewPairsGiveNothing() {
    #expect(ErrorScale(squares: squares(factor: 1, same: 50, others: 0)) == nil)
  }

  @Test func pairsByChanceAloneGiveNoFalseCertainty() {
    let scale = ErrorScale(squares: squares(factor: 1, same: 0, others: 2000))
    #expect(scale.map { $0.error > 0.1 * $0.factor || $0.share < 0.2 } ?? true)
  }

  @Test func evenPositionsAreEven() {
    var random = Numbers(seed: 3)
    var (even, drawn) = (PixelHistogram(), PixelHistogram())
    for _ in 0..<20_000 {
      let place = 40 * random.next()
      even.add(place)
      // A third of the way to the middle of its pixel.
      drawn.add(place.rounded() + 2 / 3 * (place - place.rounded()))
    }
    #expect(even.unevenness < 0.02)
    #expect(drawn.unevenness > 0.5)
    #expect(even.counts.reduce(0, +) == 20_000)
  }
}

/// Uniform numbers in 0 ..< 1.
private struct Numbers {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) * 0x1p-53
  }
}
