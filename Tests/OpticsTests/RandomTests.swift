import Foundation
import Optics
import Testing

@Suite struct RandomTests {
  /// Mean and variance of `count` draws.
  private func moments(_ count: Int, _ draw: (inout RandomStream) -> Double) -> (Double, Double) {
    var random = RandomStream(seed: 7, index: count)
    var (sum, squares) = (0.0, 0.0)
    for _ in 0..<count {
      let x = draw(&random)
      sum += x
      squares += x * x
    }
    let mean = sum / Double(count)
    return (mean, squares / Double(count) - mean * mean)
  }

  @Test func anAddressNamesOneSequence() {
    func start(_ seed: UInt64, _ purpose: UInt64, _ index: Int) -> [UInt64] {
      var random = RandomStream(seed: seed, purpose: purpose, index: index)
      return (0..<4).map { _ in random.next() }
    }
    #expect(start(1, 2, 3) == start(1, 2, 3))
    let all = [start(1, 2, 3), start(1, 3, 2), start(2, 1, 3), start(1, 2, 4), start(0, 0, 0)]
    #expect(Set(all.flatMap { $0 }).count == 20)
    // Recipes of old movies must give the same movies.
    #expect(
      Array(start(1, 0, 0).prefix(2)) == [4_577_072_067_518_496_145, 8_161_067_896_715_757_060])
  }

  @Test func uniformNumbersFillTheUnitInterval() {
    let (mean, variance) = moments(40_000) { $0.uniform() }
    #expect(abs(mean - 0.5) < 5 * (1 / 12.0 / 40_000).squareRoot())
    #expect(abs(variance - 1 / 12.0) < 0.002)
  }

  @Test func normalNumbersHaveTheRightMomentsAndTails() {
    var random = RandomStream(seed: 3)
    let count = 100_000
    let draws = (0..<count).map { _ in random.normal() }
    let n = Double(count)
    #expect(abs(draws.reduce(0, +) / n) < 5 / n.squareRoot())
    #expect(abs(draws.reduce(0) { $0 + $1 * $1 } / n - 1) < 5 * (2 / n).squareRoot())
    #expect(abs(draws.reduce(0) { $0 + pow($1, 4) } / n - 3) < 5 * (96 / n).squareRoot())
    for edge in [0.25, 0.5, 1, 1.5, 2, 3, 3.7] {
      let expected = erfc(edge / 2.0.squareRoot())
      let found = Double(draws.count { abs($0) > edge }) / n
      #expect(abs(found - expected) < 5 * (expected / n).squareRoot(), "beyond \(edge)")
    }
  }

  @Test(arguments: [0.02, 0.7, 3, 11.9, 12, 40, 300, 1e5])
  func poissonNumbersFollowTheirLaw(mean: Double) {
    let count = 20_000
    let (found, variance) = moments(count) { Double($0.poisson(mean)) }
    #expect(abs(found - mean) < 5 * (mean / Double(count)).squareRoot())
    let spread = ((2 * mean * mean + mean) / Double(count)).squareRoot()
    #expect(abs(variance - mean) < 5 * spread)
  }

  @Test(arguments: [0.4, 5, 11, 14, 60])
  func poissonCountsPassAChiSquareTest(mean: Double) {
    var random = RandomStream(seed: 11)
    let count = 30_000
    var histogram = [Int: Int]()
    for _ in 0..<count { histogram[random.poisson(mean), default: 0] += 1 }
    var (chiSquare, degrees, probability) = (0.0, 0.0, exp(-mean))
    for k in 0..<200 {
      let expected = probability * Double(count)
      if expected > 10 {
        chiSquare += pow(Double(histogram[k] ?? 0) - expected, 2) / expected
        degrees += 1
      }
      probability *= mean / Double(k + 1)
    }
    #expect(chiSquare < degrees + 5 * (2 * degrees).squareRoot())
  }

  @Test(arguments: [1.0, 2, 30])
  func gammaNumbersHaveTheRightMoments(shape: Double) {
    let count = 30_000
    let (mean, variance) = moments(count) { $0.gamma(shape: shape) }
    #expect(abs(mean - shape) < 5 * (shape / Double(count)).squareRoot())
    let spread = ((2 * shape * shape + 6 * shape) / Double(count)).squareRoot()
    #expect(abs(variance - shape) < 5 * spread)
  }
}
