import Testing

@testable import Compute

/// Each tolerance accepts what it allows and nothing else.
@Suite struct ComparisonTests {
  private func failure(
    _ found: [Float], _ expected: [Double], _ tolerance: Tolerance, mask: [Bool]? = nil
  ) -> String? {
    let reference = Reference(TensorType(.float32, expected.count), expected)
    return Comparison(
      Tensor(found, shape: [found.count]), reference, tolerance, mask, magnitude: reference,
      error: 1
    ).failure
  }

  @Test func aRangeHoldsEveryElement() {
    #expect(failure([1, 7, 40], [3, 3, 3], .range(1...40)) == nil)
    #expect(failure([1, 41, 40], [3, 3, 3], .range(1...40)) != nil)
    #expect(
      failure([1, 41, 40], [3, 41, 3], .range(1...40)) != nil, "the definition may leave it")
    #expect(failure([0, 7, 40], [3, 3, 3], .range(1...40)) != nil)
    #expect(failure([0, 7, 40], [3, 3, 3], .range(1...40), mask: [false, true, true]) == nil)
  }

  @Test func theSumOfAPairIsHeld() {
    let expected = [1.0, 3e-8, 2.0, 0, .nan, 0, 0, 0]
    let tolerance = Tolerance.pairs(relative: 1e-4)
    #expect(failure([1.00005, -3e-8, 2, 1e-8, .nan, 0, 0, 0], expected, tolerance) == nil)
    // The larger part differs; the smaller part is too large; one that must be 0 is not; NaN is
    // lost or appears.
    for wrong in [
      [1.0002, 0, 2, 0, .nan, 0, 0, 0], [1, 1e-7, 2, 0, .nan, 0, 0, 0],
      [1, 0, 2, 0, .nan, 0, 1e-9, 0], [1, 0, 2, 0, .nan, 0, 0, 1e-9],
      [1, 0, 2, 0, 5, 0, 0, 0], [1, 0, 2, 0, .nan, 1, 0, 0], [1, 0, .nan, 0, .nan, 0, 0, 0],
      [1, .nan, 2, 0, .nan, 0, 0, 0],
    ] as [[Float]] {
      #expect(failure(wrong, expected, tolerance) != nil, "\(wrong)")
    }
  }

  @Test func theOthersHaveTheirBounds() {
    #expect(failure([1, 2], [1, 2], .exact) == nil)
    #expect(failure([1, 2.0000002], [1, 2], .exact) != nil)
    #expect(failure([1.01, 100], [1, 100], .roundings(2000)) == nil, "of the largest element")
    #expect(failure([1.02, 100], [1, 100], .roundings(2000)) != nil)
    #expect(failure([1.02, 100], [1, 100], .absolute(0.03)) == nil)
    #expect(failure([1.04, 100], [1, 100], .absolute(0.03)) != nil)
    #expect(failure([1.02, 101], [1, 100], .relative(0.03)) == nil)
    #expect(failure([1.02, 104], [1, 100], .relative(0.03)) != nil)
    #expect(failure([1, 104], [1, 100], .relative(0.03, share: 0.5)) == nil)
    #expect(failure([1.1, 104], [1, 100], .relative(0.03, share: 0.5)) != nil)
    #expect(failure([1.000001, 100], [1, 100], .magnitude(30)) == nil)
    #expect(failure([1.000003, 100], [1, 100], .magnitude(30)) != nil)
  }
}
