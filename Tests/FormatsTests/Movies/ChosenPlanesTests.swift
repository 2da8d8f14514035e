import Microscopy
import Testing

@testable import Formats

/// Which planes of a file with several axes become frames.
struct ChosenPlanesTests {
  /// A movie of 1 × 1 pixel whose plane k has the value k.
  private struct Counting: Movie {
    let info: MovieInfo

    init(_ axes: [AxisExtent], present: Int? = nil) {
      let planes = axes.reduce(1) { $0 * $1.count }
      info = MovieInfo(
        width: 1, height: 1, frames: present ?? planes, pixel: .uint16, format: "test",
        storage: "uint16", axes: axes, files: ["test"],
        truncation: present.map { Truncation("\($0) of \(planes)", file: "test") })
    }

    func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
      let values = buffer.bindMemory(to: UInt16.self)
      for (place, frame) in frames.enumerated() { values[place] = UInt16(frame) }
    }
  }

  private func values(
    _ axes: [AxisExtent], _ planes: [PlaneAxis: PlaneChoice] = [:], along: PlaneAxis = .time,
    present: Int? = nil
  ) throws -> [UInt16] {
    let movie = try ChosenPlanes.choose(
      of: Counting(axes, present: present), MovieOptions(planes: planes, along: along))
    var result = [UInt16](repeating: .max, count: movie.info.frames)
    try result.withUnsafeMutableBytes { try movie.read(0..<movie.info.frames, into: $0) }
    return result
  }

  private let hyperstack = [
    AxisExtent(.time, 3), AxisExtent(.slice, 4),
    AxisExtent(.channel, 2, names: ["DAPI", "Alexa 647"]),
  ]

  @Test func theChosenPlanesAreTheFrames() throws {
    #expect(try values(hyperstack, [.slice: .number(2), .channel: .number(2)]) == [3, 11, 19])
    #expect(
      try values(hyperstack, [.slice: .number(1), .channel: .named("alexa 647")]) == [1, 9, 17])
    let first = [AxisExtent(.channel, 2), AxisExtent(.time, 3)]
    #expect(try values(first, [.channel: .number(2)]) == [3, 4, 5])
    #expect(try values([AxisExtent(.time, 3), AxisExtent(.slice, 1)]) == [0, 1, 2])
    #expect(try values([]) == [0])
  }

  @Test func aStackIsReadAlongItsSlices() throws {
    let stack = [AxisExtent(.slice, 3), AxisExtent(.channel, 2)]
    #expect(try values(stack, [.channel: .number(2)], along: .slice) == [1, 3, 5])
    #expect(try values(stack, [.slice: .all, .channel: .number(1)]) == [0, 2, 4])
    #expect(try values([AxisExtent(.time, 2)], along: .slice) == [0, 1])
  }

  @Test func aTruncatedFileHasFewerFrames() throws {
    let axes = [AxisExtent(.time, 3), AxisExtent(.channel, 2)]
    #expect(try values(axes, [.channel: .number(2)], present: 5) == [1, 3])
    #expect(try values(axes, [.channel: .number(1)], present: 5) == [0, 2, 4])
    #expect(throws: MovieError.self) {
      try values(
        [AxisExtent(.channel, 2), AxisExtent(.time, 3)], [.channel: .number(2)], present: 3)
    }
  }

  /// A reader that does not know how many frames were planned counts those that are there.
  @Test func aTruncationStaysUnlessTheChosenPlanesAreComplete() throws {
    func isCut(_ axes: [AxisExtent], _ channel: Int, present: Int) throws -> Bool {
      try ChosenPlanes.choose(
        of: Counting(axes, present: present), MovieOptions(planes: [.channel: .number(channel)])
      ).info.truncation != nil
    }
    let fast = [AxisExtent(.time, 2), AxisExtent(.channel, 2)]
    #expect(try isCut(fast, 1, present: 3))
    #expect(try isCut(fast, 2, present: 3))
    let slow = [AxisExtent(.channel, 2), AxisExtent(.time, 3)]
    #expect(try !isCut(slow, 1, present: 5))
    #expect(try isCut(slow, 2, present: 5))
  }

  @Test func withoutAChoiceTheErrorListsThePlanes() {
    let error = #expect(throws: MovieError.self) { try values(hyperstack) }
    #expect(error?.kind == .choice)
    #expect(error?.what.contains("3 frames × 4 slices × 2 channels (1 DAPI, 2 Alexa 647)") == true)
    for choice in [PlaneChoice.number(0), .number(3), .number(.max), .named("GFP"), .named("")] {
      #expect(throws: MovieError.self) {
        try values(hyperstack, [.slice: .number(1), .channel: choice])
      }
    }
    #expect(throws: MovieError.self) { try values([AxisExtent(.slice, 5)]) }
    #expect(throws: MovieError.self) { try values([], [.channel: .number(2)]) }
    #expect(throws: MovieError.self) {
      try values([AxisExtent(.time, 2), AxisExtent(.slice, 2)], along: .slice)
    }
  }
}
