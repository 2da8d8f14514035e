/// Philox-4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011): four random words as a function of a
/// counter and a key.
enum Philox {
  static func words(
    _ counter: SIMD4<UInt32>, key: SIMD2<UInt32>
  ) -> SIMD4<UInt32> {
    var (counter, key) = (counter, key)
    for _ in 0..<10 {
      let first = counter.x.multipliedFullWidth(by: 0xD251_1F53)
      let second = counter.z.multipliedFullWidth(by: 0xCD9E_8D57)
      counter = SIMD4(
        second.high ^ counter.y ^ key.x, second.low, first.high ^ counter.w ^ key.y, first.low)
      key.x &+= 0x9E37_79B9
      key.y &+= 0xBB67_AE85
    }
    return counter
  }

  /// The upper 24 bits of a word as a number in [0, 1).
  static func fraction(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }

  /// A number in (0, 1] with 24 random bits, or 48 if the number is small.
  static func positiveFraction(_ word: UInt32, _ more: UInt32) -> Float {
    (fraction(word) + 0x1p-49).addingProduct(Float(more >> 8), 0x1p-48)
  }
}
