import Compute

/// The entries of a network's lists for some frames, collected from tiles: rows of numbers in the
/// order of frames, rows and columns.
package struct EmitterList {
  /// Frame of the stack; row and column of the result's pixel; plane if there is one.
  package struct Place: Hashable, Comparable, Sendable {
    package var frame: Int
    package var y: Int
    package var x: Int
    package var z: Int

    package static func < (a: Place, b: Place) -> Bool {
      (a.frame, a.y, a.x, a.z) < (b.frame, b.y, b.x, b.z)
    }
  }

  package private(set) var places: [Place] = []
  /// Numbers of all entries, row after row.
  package private(set) var values: [Float] = []
  /// Numbers in a row.
  package private(set) var width = 0
  /// The largest number of entries found in one run, including those for which there was no room.
  package private(set) var most = 0
  /// Whether there was room for all entries.
  package var isWhole: Bool { most <= room }
  private var room = 0
  private var order: [Int] = []
  private var foundPlaces: [Int32] = []
  private var foundValues: [Float] = []

  package init() {}

  package var count: Int { places.count }

  /// The rows' indices in the order of their places.
  package var sorted: [Int] { order }

  mutating func start(_ head: NetworkHead) {
    places.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    width = head.widths.values
    room = head.room ?? 0
    most = 0
  }

  /// Adds the entries in a tile's core; those in its overlap belong to its neighbours.
  mutating func add(_ tile: TiledNetwork.Tile, of network: TiledNetwork) throws {
    let (width, finer) = (network.head.widths, network.magnification)
    for entry in 0..<(try load(network.executable, network.head)) {
      let place = entry * width.places
      let image = Int(foundPlaces[place])
      let y = Int(foundPlaces[place + 1]) + tile.top * finer
      let x = Int(foundPlaces[place + 2]) + tile.left * finer
      guard tile.images.contains(image), tile.rows.contains(y / finer),
        tile.columns.contains(x / finer)
      else { continue }
      add(
        entry, network.head, frame: image - tile.images.lowerBound + tile.frames.lowerBound, y: y,
        x: x)
      if width.places > 3 {
        // Centres of gravity are relative to the tile's corner.
        values[values.count - width.values] += Float(tile.left * finer)
        values[values.count - width.values + 1] += Float(tile.top * finer)
      }
    }
  }

  /// Adds all entries of an executable that ran on whole frames.
  mutating func add(
    _ executable: any Executable, _ head: NetworkHead, firstFrame: Int
  ) throws {
    for entry in 0..<(try load(executable, head)) {
      let place = entry * head.widths.places
      add(
        entry, head, frame: firstFrame + Int(foundPlaces[place]), y: Int(foundPlaces[place + 1]),
        x: Int(foundPlaces[place + 2]))
    }
  }

  /// Reads the list of an executable's last run, and returns the number of its entries.
  private mutating func load(_ executable: any Executable, _ head: NetworkHead) throws -> Int {
    var total: Int32 = 0
    try withUnsafeMutableBytes(of: &total) {
      try executable.read(NetworkHead.total, into: $0)
    }
    most = max(most, Int(total))
    let (found, width) = (min(Int(total), room), head.widths)
    if foundPlaces.count < found * width.places {
      foundPlaces = Array(repeating: 0, count: room * width.places)
      foundValues = Array(repeating: 0, count: room * width.values)
    }
    try Self.read(NetworkHead.places, &foundPlaces, found * width.places, executable)
    try Self.read(NetworkHead.values, &foundValues, found * width.values, executable)
    return found
  }

  private mutating func add(_ entry: Int, _ head: NetworkHead, frame: Int, y: Int, x: Int) {
    let width = head.widths
    let z = width.places > 3 ? Int(foundPlaces[entry * width.places + 3]) : 0
    places.append(Place(frame: frame, y: y, x: x, z: z))
    for index in entry * width.values..<(entry + 1) * width.values {
      values.append(foundValues[index])
    }
  }

  mutating func finish() {
    order.removeAll(keepingCapacity: true)
    order.append(contentsOf: places.indices)
    // Heap sort, because the library's sort allocates memory.
    var end = order.count
    for start in stride(from: end / 2 - 1, through: 0, by: -1) { sift(start, end) }
    while end > 1 {
      end -= 1
      order.swapAt(0, end)
      sift(0, end)
    }
  }

  private mutating func sift(_ start: Int, _ end: Int) {
    var root = start
    while 2 * root + 1 < end {
      var child = 2 * root + 1
      if child + 1 < end, places[order[child]] < places[order[child + 1]] { child += 1 }
      guard places[order[root]] < places[order[child]] else { return }
      order.swapAt(root, child)
      root = child
    }
  }

  private static func read<Number: BitwiseCopyable>(
    _ name: String, _ numbers: inout [Number], _ count: Int, _ executable: any Executable
  ) throws {
    try numbers.withUnsafeMutableBytes { bytes in
      let size = count * MemoryLayout<Number>.stride
      try executable.read(name, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<size]))
    }
  }
}

extension TiledNetwork {
  /// The head's list for some frames of a stack.
  ///
  /// If the list is not whole, entries are missing: plan again with more room.
  package func list(
    _ stack: FrameStack, answering frames: Range<Int>, continuing: Bool = false,
    into list: inout EmitterList, meanwhile: (Double) throws -> Void = { _ in }
  ) throws {
    precondition(head.room != nil, "an image is not a list")
    list.start(head)
    try run(stack, answering: frames, continuing: continuing, meanwhile: meanwhile) { tile in
      try list.add(tile, of: self)
    }
    list.finish()
  }
}
