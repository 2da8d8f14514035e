import Foundation
import Testing

@testable import Compute

/// The generator's words compared with the published ones, and the numbers drawn from them with the
/// distributions. Seeds are fixed: a failure means that something changed.
@Suite struct RandomNumbersTests {
  /// Random123's `kat_vectors`, philox4x32, 10 rounds.
  @Test func publishedWords() {
    let zeros = Philox.words(SIMD4(repeating: 0), key: SIMD2(repeating: 0))
    #expect(zeros == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = Philox.words(SIMD4(repeating: .max), key: SIMD2(repeating: .max))
    #expect(ones == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    let pi = Philox.words(
      SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      key: SIMD2(0xa409_3822, 0x299f_31d0))
    #expect(pi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  /// The first published word through the op, on every device.
  @Test func firstWordOnDevices() throws {
    for device in Devices.all {
      let drawn = try Self.draw(.uniform([1]), seed: 0, step: 0, stream: 0, on: device)
      #expect(drawn == [Double(0x6627_e8d5 >> 8) * 0x1p-24], "\(device.info.name)")
    }
  }

  @Test func uniformNumbersFillTheirRange() throws {
    let values = try Self.draw(.uniform([200_000]))
    #expect(Self.distance(values) { $0 } < 1.6)
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
  }

  @Test func normalNumbersAreNormal() throws {
    let values = try Self.draw(.normal([200_000]))
    #expect(Self.distance(values) { 0.5 * erfc(-$0 / 2.0.squareRoot()) } < 1.6)
    let count = Double(values.count)
    // Standard errors of the first four moments of a normal variable.
    for (power, moment, error) in [(1.0, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96)] {
      let mean = values.reduce(0) { $0 + pow($1, power) } / count
      #expect(abs(mean - moment) < 4 * (error / count).squareRoot(), "moment \(power): \(mean)")
    }
    // Far out in the tails: 6.3 per 100 000 beyond 4.
    let far = values.count { abs($0) > 4 }
    #expect(abs(Double(far) - 12.7) < 4 * 12.7.squareRoot(), "\(far)")
  }

  /// Counts of each number against the probabilities: χ² in standard deviations from its mean.
  @Test(arguments: [0.01, 0.7, 3.2, 9.99, 10, 17.5, 100, 2000, 100_000])
  func poissonNumbersHaveTheirProbabilities(_ mean: Double) throws {
    let count = 100_000
    let mean = Double(Float(mean))
    let values = try Self.draw(.poisson, parameter: mean, count: count)
    #expect(values.allSatisfy { $0 >= 0 && $0 == $0.rounded() })
    let (average, variance) = Self.moments(values)
    #expect(abs(average - mean) < 4 * (mean / Double(count)).squareRoot(), "\(average)")
    let spread = (mean * (1 + 2 * mean) / Double(count)).squareRoot()
    #expect(abs(variance - mean) < 4 * spread, "\(variance)")
    // Neighbouring numbers are merged into bins with enough counts.
    let width = max(1, (mean.squareRoot() / 4).rounded())
    var (seen, expected): ([Double: Double], [Double: Double]) = ([:], [:])
    for value in values { seen[(value / width).rounded(.down), default: 0] += 1 }
    let reach = 12 * mean.squareRoot() + 12
    for k in stride(from: max(0, (mean - reach).rounded()), through: mean + reach, by: 1) {
      let probability = exp(k * log(mean) - mean - lgamma(k + 1))
      expected[(k / width).rounded(.down), default: 0] += probability * Double(count)
    }
    var (chiSquare, bins, rest) = (0.0, -1.0, (seen: 0.0, expected: 0.0))
    for (bin, wanted) in expected.sorted(by: { $0.key < $1.key }) {
      guard wanted >= 10 else {
        rest = (rest.seen + (seen[bin] ?? 0), rest.expected + wanted)
        continue
      }
      chiSquare += pow((seen[bin] ?? 0) - wanted, 2) / wanted
      bins += 1
    }
    #expect(abs(rest.seen - rest.expected) < 4 * max(rest.expected, 1).squareRoot() + 2)
    #expect(abs(chiSquare - bins) < 4 * (2 * max(bins, 1)).squareRoot(), "\(chiSquare) of \(bins)")
  }

  @Test(arguments: [0.2, 0.5, 1, 2.3, 30, 3000])
  func gammaNumbersAreGamma(_ shape: Double) throws {
    let shape = Double(Float(shape))
    let values = try Self.draw(.gamma, parameter: shape, count: 50_000)
    #expect(Self.distance(values) { Self.gammaMass(below: $0, shape: shape) } < 1.7)
    let (average, variance) = Self.moments(values)
    let count = Double(values.count)
    #expect(abs(average - shape) < 4 * (shape / count).squareRoot(), "\(average)")
    let spread = ((2 * shape * shape + 6 * shape) / count).squareRoot()
    #expect(abs(variance - shape) < 4 * spread, "\(variance)")
  }

  /// Other steps, streams, seeds and positions give other numbers; the same clock gives the same.
  @Test func numbersDependOnAllOfTheirClock() throws {
    let base = try Self.draw(.uniform([1000]), seed: 1, step: 2, stream: 3)
    #expect(try Self.draw(.uniform([1000]), seed: 1, step: 2, stream: 3) == base)
    for (seed, step, stream) in [(2, 2, 3), (1 << 32 + 1, 2, 3), (1, 3, 3), (1, 2, 4)] {
      let other = try Self.draw(
        .uniform([1000]), seed: UInt64(seed), step: step, stream: UInt32(stream))
      let (_, variance) = Self.moments(zip(base, other).map { $0 - $1 })
      // Independent: the variance of a difference is 1/6.
      #expect(abs(variance - 1.0 / 6) < 0.02, "\(seed) \(step) \(stream)")
    }
  }

  private static func draw(
    _ distribution: RandomNumbers.Distribution, parameter: Double? = nil, count: Int = 0,
    seed: UInt64 = 2024, step: Int = 7, stream: UInt32 = 1, on device: any Device = CPUDevice()
  ) throws -> [Double] {
    var graph = Graph()
    var inputs = [graph.input("clock", TensorType(.int32, 3))]
    if let parameter {
      inputs.append(graph.constant(Float(parameter), TensorType(.float32, count)))
    }
    graph.output(
      "y", try graph.apply(RandomNumbers(distribution, stream: stream), to: inputs)[0])
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("clock", RandomNumbers.clock(seed: seed, step: step))
    try executable.run()
    return try executable.read("y").values
  }

  private static func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1))
  }

  /// Kolmogorov's distance times √n: above 1.6 in one of a hundred cases.
  private static func distance(_ values: [Double], _ mass: (Double) -> Double) -> Double {
    let count = Double(values.count)
    let worst = values.sorted().enumerated().reduce(0.0) { worst, element in
      let below = mass(element.element)
      return max(
        worst, below - Double(element.offset) / count, Double(element.offset + 1) / count - below)
    }
    return worst * count.squareRoot()
  }

  /// The regularised incomplete gamma function, by series and continued fraction.
  private static func gammaMass(below x: Double, shape: Double) -> Double {
    guard x > 0 else { return 0 }
    let front = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1 {
      var (term, sum, n) = (1 / shape, 1 / shape, shape)
      while abs(term) > 1e-14 * sum {
        n += 1
        term *= x / n
        sum += term
      }
      return front * sum
    }
    var b = x + 1 - shape
    var (c, d) = (1e300, 1 / b)
    var h = d
    for i in 1...10_000 {
      let a = -Double(i) * (Double(i) - shape)
      b += 2
      d = 1 / (a * d + b)
      c = b + a / c
      h *= c * d
      if abs(c * d - 1) < 1e-14 { break }
    }
    return 1 - front * h
  }
}
