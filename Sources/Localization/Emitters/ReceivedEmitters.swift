import Compute

/// Host memory for the molecules of one batch, reused for all batches.
struct ReceivedEmitters {
  /// The outputs of `FitEmitters`, in its order.
  static let outputs = ["place", "light", "height", "bound", "worth", "found"]

  /// The rows of the molecules in the tables below, in the order of the table.
  private(set) var rows: [Int] = []
  private var places: [Float] = []
  private var light: [Float] = []
  private var heights: [Float] = []
  private var bounds: [Float] = []
  private var worth: [Float] = []
  private var found: [Int32] = []
  /// Rows of a frame: those of all its blocks.
  private var perFrame = 1

  /// Reads all outputs, unless a block had more molecules than room. Returns the largest number of
  /// molecules in a block.
  mutating func read(
    _ executable: any Executable, frames: Int, blocks: Int, room: Int
  ) throws -> Int {
    func fetch<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
      _ name: String, _ values: inout [Element], _ size: Int
    ) throws {
      if values.count != size { values = Array(repeating: 0, count: size) }
      try values.withUnsafeMutableBytes { try executable.read(name, into: $0) }
    }
    rows.removeAll(keepingCapacity: true)
    try fetch("found", &found, frames * blocks)
    let most = Int(found.max() ?? 0)
    guard most <= room else { return most }
    let all = found.count * room
    try fetch("place", &places, 2 * all)
    try fetch("light", &light, 2 * all)
    try fetch("height", &heights, all)
    try fetch("bound", &bounds, 4 * all)
    try fetch("worth", &worth, 3 * all)
    perFrame = blocks * room
    for frame in 0..<frames {
      var own: [Int] = []
      for block in frame * blocks..<(frame + 1) * blocks {
        own.append(contentsOf: block * room..<block * room + Int(found[block]))
      }
      // The molecules of one block are in the order of pixels already.
      if blocks > 1 { own.sort { isBefore($0, $1) } }
      rows.append(contentsOf: own)
    }
    return most
  }

  private func isBefore(_ a: Int, _ b: Int) -> Bool {
    let (ya, yb) = (y(a).rounded(), y(b).rounded())
    return (ya, x(a)) < (yb, x(b))
  }

  func frame(_ row: Int) -> Int { row / perFrame }
  func x(_ row: Int) -> Double { Double(places[2 * row]) }
  func y(_ row: Int) -> Double { Double(places[2 * row + 1]) }
  func counts(_ row: Int) -> Double { Double(light[2 * row]) }
  func background(_ row: Int) -> Double { Double(light[2 * row + 1]) }
  /// z, nm, or the relative width of a molecule with a width of its own; see
  /// `EmitterModel.Image.freeWidth`.
  func height(_ row: Int) -> Double { Double(heights[row]) }
  func likelihoodRatio(_ row: Int) -> Double { Double(worth[3 * row]) }
  func chiSquare(_ row: Int) -> Double { Double(worth[3 * row + 1]) }
  func neighbours(_ row: Int) -> Double { Double(worth[3 * row + 2]) }

  /// A parameter of a molecule that has a bound.
  enum Parameter: Int {
    case x, y, counts, height
  }

  /// The standard error of a parameter; NaN if the data do not determine it.
  func error(_ row: Int, _ parameter: Parameter) -> Double {
    Double(bounds[4 * row + parameter.rawValue]).squareRoot()
  }
}
