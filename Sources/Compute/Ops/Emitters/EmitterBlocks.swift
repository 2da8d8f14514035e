/// How a frame is cut into blocks, which are fitted independently of each other.
///
/// The cut belongs to the movie's whole frame. A part of it is cut in the same places, so that it has
/// the same rows.
package struct EmitterBlocks: Hashable, Sendable {
  /// Of the frames that are cut: whole ones, or a part of each.
  package let width: Int
  package let height: Int
  /// Blocks per row and per column.
  let columns: Int
  let lines: Int
  /// Side of the part whose molecules a block reports, px.
  let core: Int
  /// The first pixel of the first core.
  let first: Place

  struct Place: Hashable, Sendable {
    var x: Int
    var y: Int
  }

  /// How far a block reaches beyond its core, px: more than a window of usual widths, so that
  /// molecules of a core are fitted with all their neighbours.
  static let margin = 12
  private static let usualCore = 128
  /// Molecules in the margin need room too.
  static let spare = 64

  package init(width: Int, height: Int) {
    self.init(x: 0..<width, y: 0..<height, ofWidth: width, height: height)
  }

  /// The blocks of a part of a frame that `covering` gave.
  package init(x: Range<Int>, y: Range<Int>, ofWidth width: Int, height: Int) {
    (self.width, self.height) = (x.count, y.count)
    guard !Self.isOne(width, height) else {
      (columns, lines, core) = (1, 1, max(width, height))
      first = Place(x: 0, y: 0)
      return
    }
    core = Self.usualCore
    let (horizontal, vertical) = (Self.cores(in: x, of: width), Self.cores(in: y, of: height))
    (columns, lines) = (horizontal.count, vertical.count)
    first = Place(
      x: horizontal.lowerBound * core - x.lowerBound, y: vertical.lowerBound * core - y.lowerBound)
  }

  /// A small frame is one block.
  private static func isOne(_ width: Int, _ height: Int) -> Bool {
    max(width, height) <= usualCore + 2 * margin
  }

  private static func cores(in part: Range<Int>, of length: Int) -> Range<Int> {
    let all = (length + usualCore - 1) / usualCore
    return
      (part.lowerBound == 0 ? 0 : (part.lowerBound + margin) / usualCore)..<(part.upperBound
      == length ? all : (part.upperBound - margin) / usualCore)
  }

  /// The pixels of all blocks that have a part of a region.
  package static func covering(
    x: Range<Int>, y: Range<Int>, ofWidth width: Int, height: Int
  ) -> (x: Range<Int>, y: Range<Int>) {
    if isOne(width, height) { return (0..<width, 0..<height) }
    func pixels(_ part: Range<Int>, _ length: Int) -> Range<Int> {
      let (first, last) = (part.lowerBound / usualCore, (part.upperBound - 1) / usualCore)
      return max(first * usualCore - margin, 0)..<min((last + 1) * usualCore + margin, length)
    }
    return (pixels(x, width), pixels(y, height))
  }

  /// Blocks of a frame.
  package var count: Int { columns * lines }

  /// Largest width or height of a block.
  var side: Int { min(core + 2 * Self.margin, max(width, height)) }

  /// A block as half-open ranges: all of its pixels, and its core.
  func block(_ number: Int) -> (x: Range<Int>, y: Range<Int>, coreX: Range<Int>, coreY: Range<Int>)
  {
    func ranges(
      _ index: Int, _ count: Int, from first: Int, _ length: Int
    ) -> (Range<Int>, Range<Int>) {
      let start = first + index * core
      // A molecule outside the frame belongs to the core at that edge.
      let own =
        (index == 0 ? start - 4 : start)..<(index + 1 == count ? length + 4 : start + core)
      return (max(start - Self.margin, 0)..<min(start + core + Self.margin, length), own)
    }
    let (x, coreX) = ranges(number % columns, columns, from: first.x, width)
    let (y, coreY) = ranges(number / columns, lines, from: first.y, height)
    return (x, y, coreX, coreY)
  }
}
