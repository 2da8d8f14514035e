import Microscopy
import Testing

@testable import Formats

/// Planes at places along several axes, in any order.
struct PlaneGridTests {
  private func arrange(
    _ places: [[Int32]], axes: [PlaneAxis] = [.time, .slice, .channel]
  ) throws -> PlaneGrid.Arrangement {
    var grid = PlaneGrid(axes: axes)
    for numbers in places {
      var place = PlaneGrid.Place()
      for (index, number) in numbers.enumerated() { place[index] = number }
      grid.append(place)
    }
    return try grid.arrange(names: [.channel: [0: "A", 1: "B"]], file: "f")
  }

  @Test func onlyTimeIsAMovie() throws {
    let plain = try arrange([[0, 0, 0], [1, 0, 0], [2, 0, 0]])
    #expect(plain.extents.isEmpty && plain.order == nil && plain.notes.isEmpty)
    let mixed = try arrange([[2, 0, 0], [0, 0, 0], [1, 0, 0]])
    #expect(mixed.extents.isEmpty && mixed.order == [1, 2, 0])
    #expect(try arrange([[7, 3, 1]]).extents.isEmpty)
  }

  @Test func missingFramesAreNamed() throws {
    let gap = try arrange([[0, 0, 0], [1, 0, 0], [5, 0, 0], [7, 0, 0]])
    #expect(
      gap.notes == [
        "frame numbers 2 to 4, 6 are missing; the frames behind a gap are numbered as if there were none"
      ])
    #expect(try arrange([[0, 0, 0], [10, 0, 0], [20, 0, 0]]).notes.isEmpty, "every tenth")
  }

  @Test func theSlowestAxisComesFirst() throws {
    let fast = try arrange([[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 0, 1]])
    #expect(fast.extents.map(\.axis) == [.time, .channel] && fast.order == nil)
    #expect(fast.extents[1].names == ["A", "B"])
    let slow = try arrange([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 0, 1], [1, 0, 1], [2, 0, 1]])
    #expect(slow.extents.map(\.axis) == [.channel, .time] && slow.order == nil)
    #expect(slow.extents.map(\.count) == [2, 3])
  }

  @Test func anInterruptedRecordingEndsEarly() throws {
    // The second channel has two of three frames.
    let slow = try arrange([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 0, 1], [1, 0, 1]])
    #expect(slow.extents.map(\.count) == [2, 3] && slow.order == nil)
    let fast = try arrange([[0, 0, 0], [0, 0, 1], [1, 0, 0]])
    #expect(fast.extents.map(\.count) == [2, 2])
  }

  @Test func holesAreRefused() {
    let error = #expect(throws: MovieError.self) {
      try arrange([[0, 0, 0], [0, 0, 1], [1, 0, 0], [2, 0, 0], [2, 0, 1]])
    }
    #expect(error?.what.contains("3 frames × 2 channels") == true)
    #expect(error?.what.contains("1 of them are missing") == true)
    let numbers: [[Int32]] = (0..<2000).map { [$0, $0 * 7, $0 * 11] }
    #expect(throws: MovieError.self) { try arrange(numbers) }
    #expect(throws: MovieError.self) {
      try arrange([[.max, .min, 0], [.min, .max, 1], [0, 0, 0]])
    }
  }

  @Test func aPlaceThatIsListedTwiceKeepsTheLast() throws {
    let twice = try arrange([[0, 0, 0], [1, 0, 0], [0, 0, 0]])
    #expect(twice.order == [2, 1])
    #expect(twice.notes == ["1 place is listed more than once; the last plane is used"])
  }
}
