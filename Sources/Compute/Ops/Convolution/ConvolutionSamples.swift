extension Convolution {
  /// A sample with uniform inputs, and one with small integers, whose sums are exact in any order.
  private static func cases(
    _ op: Convolution, _ x: [Int], kernel: Int, _ outputs: Int, tiny: Bool = false
  ) -> [Sample] {
    let weights = [kernel, kernel, x[3], outputs]
    let type = op.output(x, weights)
    let terms = Double(kernel * kernel * x[3] + 2 * op.epilogue.steps.count + 1)
    var extra: [[Int]] = []
    for step in op.epilogue.steps {
      switch step {
      case .bias: extra.append([outputs])
      case .scaleShift: extra += [[outputs], [outputs]]
      case .add: extra.append(type)
      case .each: break
      }
    }
    let seeds = extra.indices.map { UInt64(20 + $0) }
    let real =
      [Reference.random(x, -1...1, seed: 11), .random(weights, -1...1, seed: 12)]
      + zip(extra, seeds).map { .random($0, -1...1, seed: $1) }
    let whole =
      [Reference.random(x, -3...3, seed: 13).rounded, wholeWeights(weights)]
      + zip(extra, seeds).map { .random($0, -3...3, seed: $1).rounded }
    let exact = op.epilogue.steps.allSatisfy {
      if case .each(let step) = $0 { step == .relu } else { true }
    }
    return [Sample(op, real, .magnitude(terms), tiny: tiny)]
      + (exact ? [Sample(op, whole, note: "integers", .exact, tiny: tiny)] : [])
  }

  /// Multiples of 576, so that the weight transforms of Winograd F(4×4) are exact.
  private static func wholeWeights(_ shape: [Int]) -> Reference {
    let small = Reference.random(shape, -2...2, seed: 14).rounded
    return Reference(small.type, small.values.map { 576 * $0 })
  }

  func output(_ x: [Int], _ w: [Int]) -> [Int] {
    [
      x[0], extent(x[1], w[0], vertical: true).out, extent(x[2], w[1], vertical: false).out, w[3],
    ]
  }

  package static var samples: [Sample] {
    let plain = Convolution()
    let biased = Convolution(bias: true)
    let enlarged = Convolution(
      stride: 1, dilation: 1, padding: .same, epilogue: .bias, enlargement: 2)
    func with(_ steps: EpilogueStep...) -> Convolution { Convolution(steps: steps)! }
    return cases(plain, [1, 1, 1, 1], kernel: 3, 1, tiny: true)
      + cases(biased, [2, 3, 5, 3], kernel: 3, 2, tiny: true)
      + cases(plain, [1, 4, 4, 16], kernel: 3, 16, tiny: true)
      + cases(biased, [2, 5, 9, 17], kernel: 3, 33)
      + cases(plain, [1, 13, 17, 16], kernel: 3, 31)
      + cases(Convolution(padding: .valid), [1, 9, 7, 8], kernel: 3, 48)
      + cases(Convolution(dilation: 2), [1, 13, 9, 9], kernel: 3, 16)
      + cases(Convolution(dilation: 16), [1, 17, 19, 8], kernel: 3, 9)
      + cases(Convolution(stride: 2), [1, 13, 8, 5], kernel: 3, 7)
      + cases(Convolution(stride: 2, padding: .valid), [1, 8, 6, 16], kernel: 2, 32)
      + cases(
        Convolution(stride: 2, padding: .zeros(1), bias: true), [1, 6, 8, 3], kernel: 4, 5,
        tiny: true)
      + cases(Convolution(stride: 4, padding: .valid), [2, 8, 8, 6], kernel: 4, 20)
      + cases(enlarged, [1, 4, 3, 17], kernel: 3, 16)
      + cases(enlarged, [2, 1, 5, 4], kernel: 3, 35)
      + cases(biased, [2, 3, 5, 48], kernel: 1, 65)
      + cases(plain, [1, 17, 1, 3], kernel: 1, 13)
      + cases(biased, [1, 7, 17, 1], kernel: 5, 8)
      + cases(plain, [1, 9, 11, 2], kernel: 7, 16)
      + cases(plain, [1, 13, 3, 1], kernel: 29, 1)
      + cases(with(.bias, .each(.relu)), [1, 5, 6, 8], kernel: 3, 12)
      + cases(with(.bias, .each(.elu(alpha: 1))), [1, 6, 7, 16], kernel: 3, 16)
      + cases(with(.each(.leakyReLU(slope: 0.2)), .scaleShift, .add), [1, 9, 5, 9], kernel: 3, 17)
      + cases(with(.bias, .add, .each(.relu)), [1, 4, 6, 16], kernel: 3, 16)
      + cases(
        with(.bias, .each(.silu), .scaleShift, .add, .each(.sigmoid)), [1, 3, 5, 8], kernel: 1, 5)
  }
}

extension Reference {
  /// Rounded to integers.
  var rounded: Reference { Reference(type, values.map { $0.rounded() }) }
}
