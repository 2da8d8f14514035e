/// SplitMix64: a small seeded generator for sample data (Steele, Lea, Flood 2014).
package struct SampleGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Reference {
  /// Uniform values that the element type represents exactly, so that both sides start from the
  /// same.
  package static func random(
    _ shape: [Int], _ range: ClosedRange<Double>, seed: UInt64 = 7, element: ElementType = .float32
  ) -> Reference {
    var generator = SampleGenerator(seed: seed)
    let type = TensorType(element, shape)
    return Reference(
      type,
      (0..<type.count).map { _ in
        let value = Double.random(in: range, using: &generator)
        return element == .float32 ? Double(Float(value)) : value.rounded()
      })
  }
}
