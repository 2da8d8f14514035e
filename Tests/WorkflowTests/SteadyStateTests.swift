import Foundation
import TestSupport
import Testing

/// A whole run allocates nothing for each frame or batch once it is under way.
@Suite struct SteadyStateTests {
  /// Allocations that may come late, whatever the length: buffers that grow when first used.
  private static let late = 200
  /// What libhdf5 itself may allocate to write a chunk of 4096 rows; 0 to 9 were measured.
  private static let perChunk = 20

  @Test func allocationsDoNotGrowWithTheMovie() throws {
    #if DEBUG
      print("skipped: in a debug build generic code of the standard library allocates")
    #else
      try withScratchFolder { folder in
        let program = try Program.run(built: "steady-state", [folder.path])
        #expect(program.status == 0, "\(program.errors)")
        let lines = program.output.split(separator: "\n").map { $0.split(separator: " ") }
        // Six by fitting, six by a network.
        #expect(lines.count == 12, "\(program.output)")
        for line in lines {
          let numbers = line.dropFirst(2).compactMap { Int($0) }
          guard line.count == 6, numbers.count == 4 else {
            Issue.record("not a line of numbers: \(line)")
            continue
          }
          if numbers[1] == 0 { return print("skipped: allocations cannot be counted here") }
          let (more, batches, rows) = (numbers[1] - numbers[0], numbers[2], numbers[3])
          // One for each batch would be well above what may come late.
          #expect(batches > 2 * Self.late && rows > 4 * 1024)
          let chunks = line[1].hasSuffix("hdf5") ? rows / 4096 + 1 : 0
          #expect(more <= Self.late + Self.perChunk * chunks, "\(line)")
        }
      }
    #endif
  }
}
