import Foundation
import TestSupport
import Testing

@testable import Formats

/// Phase masks as stored by MATLAB.
@Suite struct PhaseMaskTests {
  @Test(arguments: [false, true])
  func aMatrixWithoutItsMargin(compressed: Bool) throws {
    try withScratchFolder { folder in
      // Four rows, five columns, column after column; the disc has rows 1–3 and columns 2–4.
      var values = [Double](repeating: 0, count: 20)
      for (i, value) in [1.0, 2, 3, 4, 5, 6, 7, 8, 9].enumerated() {
        values[(2 + i % 3) * 4 + 1 + i / 3] = value / 10
      }
      let path = folder.appendingPathComponent("mask.mat").path
      let file = MATFixture().file(
        [("note", .text("a mask")), ("mask", .numbers([4, 5], values))], compressed: compressed)
      try file.write(to: URL(fileURLWithPath: path))
      let (side, radians) = try PhaseMaskFile.read(path)
      #expect(side == 3)
      #expect(radians == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    }
  }

  @Test func whatIsNoMask() throws {
    try withScratchFolder { folder in
      func error(_ variables: [(String, MATFixture.Value)]) throws -> String {
        let path = folder.appendingPathComponent("mask.mat").path
        try MATFixture().file(variables).write(to: URL(fileURLWithPath: path))
        return try #require(throws: PhaseMaskError.self) { try PhaseMaskFile.read(path) }
          .description
      }
      let ones = MATFixture.Value.numbers([2, 2], [1, 1, 1, 1])
      #expect(try error([("a", ones), ("b", ones)]).contains("holds 2 matrices"))
      #expect(try error([("a", .text("x"))]).contains("holds 0 matrices"))
      #expect(try error([("a", .numbers([2, 2], [0, 0, 0, 0]))]).contains("zero everywhere"))
      #expect(
        try error([("a", .numbers([2, 3], [1, 1, 1, 1, 1, 1]))]).contains("3×2, not square"))
      #expect(try error([("a", .numbers([2, 2], [1, .nan, 1, 1]))]).contains("not a number"))
      let path = folder.appendingPathComponent("cut.mat").path
      try Data(repeating: 0, count: 40).write(to: URL(fileURLWithPath: path))
      #expect(throws: PhaseMaskError.self) { try PhaseMaskFile.read(path) }
    }
  }
}
