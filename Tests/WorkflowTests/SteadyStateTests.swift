import Foundation
import TestConditions
import TestSupport
import Testing

/// After the start, a run allocates nothing per frame or batch.
@Suite struct SteadyStateTests {
  /// Allocations that may come late, for any length: buffers that grow when first used.
  private static let late = 40
  /// What libhdf5 itself may allocate to write a chunk of 4096 rows; 0 to 9 were measured.
  private static let perChunk = 20

  #if DEBUG
    private static let isDebugBuild = true
  #else
    private static let isDebugBuild = false
  #endif

  @Test(
    .countedAllocations,
    .enabled(
      if: !isDebugBuild, "in a debug build generic code of the standard library allocates"))
  func allocationsDoNotGrowWithTheMovie() throws {
    try withScratchFolder { folder in
      let program = try Program.run(built: "steady-state", [folder.path])
      #expect(program.status == 0, "\(program.errors)")
      let lines = program.output.split(separator: "\n").map { $0.split(separator: " ") }
      // Six by fitting and three by DECODE; one in tiles, three of peaks, three that list nothing.
      #expect(lines.count == 16, "\(program.output)")
      var inTiles = 0
      for line in lines {
        let numbers = line.dropFirst(2).compactMap { Int($0) }
        guard line.count == 7, numbers.count == 5 else {
          Issue.record("not a line of numbers: \(line)")
          continue
        }
        let (more, batches, rows) = (numbers[1] - numbers[0], numbers[2], numbers[3])
        inTiles += numbers[4] > 1 ? 1 : 0
        // One per batch, row or image would exceed the allowance; HDF5 writes whole chunks.
        let isHDF5 = line[1].hasSuffix("hdf5")
        #expect(2 * batches > 3 * Self.late, "\(line)")
        #expect(rows > (isHDF5 ? 4096 : 5 * Self.late), "\(line)")
        let chunks = isHDF5 ? rows / 4096 + 1 : 0
        #expect(more <= Self.late + Self.perChunk * chunks, "\(line)")
      }
      #expect(inTiles == 1, "\(program.output)")
    }
  }
}
