import Microscopy

/// The planes of a CZI file, from its directory or, if that is missing, from the blocks themselves.
///
/// A segment is char[16] id, i64 allocated bytes, i64 used bytes, and its data. An entry of the
/// directory is "DV", i32 pixel type, i64 position, i32 file part, i32 compression, u8 pyramid type,
/// 5 bytes, i32 number of dimensions, then 20 bytes for each: char[4] name, i32 start, i32 size, f32
/// start coordinate, i32 stored size.
struct CZIDirectory {
  /// One image: a plane, or a tile of one.
  struct Plane {
    var position: Int
    var scene: Int32 = 0
    var time: Int32 = 0
    var slice: Int32 = 0
    var channel: Int32 = 0
    /// Index in `kinds`.
    var kind: Int32
  }

  /// What planes of one movie have in common.
  struct Kind: Hashable {
    var width: Int
    var height: Int
    var pixelType: Int32
  }

  private(set) var planes: [Plane] = []
  private(set) var kinds: [Kind] = []
  private(set) var compressions: Set<Int32> = []
  private(set) var truncation: Truncation?
  /// Whether a dimension M counts tiles.
  private(set) var hasTiles = false
  /// First and last start of the dimensions that Glint does not read, by letter.
  private var others: [UInt8: ClosedRange<Int32>] = [:]
  private let file: FileBytes

  /// - Parameter position: where the file's header says that the directory is.
  init(_ file: FileBytes, at position: Int, isUnfinished: Bool) throws(MovieError) {
    self.file = file
    guard try !readDirectory(at: position) else {
      if isUnfinished {
        truncation = Truncation(
          "the file was not closed, so that planes may be missing in its directory",
          file: file.path)
      }
      return
    }
    let end = try walk()
    truncation = Truncation(
      "the directory of planes is missing or damaged, as after an interrupted acquisition; a search "
        + "up to byte \(end) found \(planes.count) planes", file: file.path)
  }

  /// Dimensions that have several values and are neither T, Z, C nor S, with their meaning.
  var otherDimensions: [String] {
    others.sorted { $0.key < $1.key }.filter { $0.value.count > 1 }.map {
      let letter = String(decoding: [$0.key], as: UTF8.self)
      return Self.meanings[letter].map { "\(letter) (\($0))" } ?? letter
    }
  }

  private static let meanings = [
    "B": "acquisition blocks", "V": "views", "H": "phases", "I": "illuminations", "R": "rotations",
  ]

  /// Reads the directory; false if there is none.
  private mutating func readDirectory(at position: Int) throws(MovieError) -> Bool {
    let head = try file.bytes(at: position, count: 36)[...]
    guard position > 0, head.starts(with: Array("ZISRAWDIRECTORY".utf8)),
      let count = head.little(Int32.self, at: 32), count >= 0
    else { return false }
    var list = ForwardBytes(file, from: position + 160, to: file.size)
    for _ in 0..<count {
      guard let bytes = try entry(&list) else {
        (planes, kinds, compressions, hasTiles, others) = ([], [], [], false, [:])
        return false
      }
      try take(bytes, at: nil)
      list.skip(bytes.count)
    }
    return true
  }

  private func entry(_ list: inout ForwardBytes) throws(MovieError) -> ArraySlice<UInt8>? {
    let head = try list.peek(32)
    guard head.starts(with: Array("DV".utf8)), let count = head.little(Int32.self, at: 28),
      (0...Self.mostDimensions).contains(count)
    else { return nil }
    let bytes = try list.peek(32 + 20 * Int(count))
    return bytes.count == 32 + 20 * Int(count) ? bytes : nil
  }

  static let mostDimensions: Int32 = 64

  /// Goes through all segments from the beginning; returns where they end.
  private mutating func walk() throws(MovieError) -> Int {
    var position = 0
    while true {
      let head = try file.bytes(at: position, count: 32)[...]
      guard head.starts(with: Array("ZISRAW".utf8)),
        let allocated = head.little(Int64.self, at: 16).flatMap({ Int(exactly: $0) }),
        allocated >= 0, allocated <= file.size - position - 32
      else { return position }
      if head.starts(with: Array("ZISRAWSUBBLOCK".utf8)) {
        var list = ForwardBytes(file, from: position + 48, to: position + 48 + 2048)
        if let bytes = try entry(&list) { try take(bytes, at: position) }
      }
      position += 32 + allocated
    }
  }

  /// - Parameter position: that of the plane; nil if the entry states it.
  private mutating func take(_ bytes: ArraySlice<UInt8>, at position: Int?) throws(MovieError) {
    guard let pixelType = bytes.little(Int32.self, at: 2),
      let stated = bytes.little(Int64.self, at: 6), let part = bytes.little(Int32.self, at: 14),
      let compression = bytes.little(Int32.self, at: 18),
      let pyramid = bytes.little(UInt8.self, at: 22),
      let place = position ?? Int(exactly: stated)
    else { return }
    guard part == 0 else {
      throw MovieError(
        .unsupported, "a CZI file whose planes are in several files", file: file.path,
        hint: "save it as one file, or export it as OME-TIFF, in ZEN")
    }
    var kind = Kind(width: 0, height: 0, pixelType: pixelType)
    var plane = Plane(position: place, kind: 0)
    var isReduced = pyramid != 0
    var others: [(UInt8, Int32)] = []
    for dimension in stride(from: 32, to: bytes.count, by: 20) {
      guard let name = bytes.little(UInt8.self, at: dimension),
        let start = bytes.little(Int32.self, at: dimension + 4),
        let size = bytes.little(Int32.self, at: dimension + 8),
        let stored = bytes.little(Int32.self, at: dimension + 16)
      else { continue }
      if name == UInt8(ascii: "X") || name == UInt8(ascii: "Y") {
        isReduced = isReduced || stored != size
        if name == UInt8(ascii: "X") { kind.width = Int(size) } else { kind.height = Int(size) }
        continue
      }
      guard size <= 1 || isReduced else {
        throw MovieError(
          .unsupported,
          "a CZI block of \(size) planes along \(String(decoding: [name], as: UTF8.self))",
          file: file.path, byte: place)
      }
      switch name {
      case UInt8(ascii: "T"): plane.time = start
      case UInt8(ascii: "Z"): plane.slice = start
      case UInt8(ascii: "C"): plane.channel = start
      case UInt8(ascii: "S"): plane.scene = start
      case UInt8(ascii: "M"): hasTiles = true
      default: others.append((name, start))
      }
    }
    // Smaller copies of the planes, for display.
    if isReduced { return }
    for (name, start) in others {
      let range = self.others[name] ?? start...start
      self.others[name] = min(range.lowerBound, start)...max(range.upperBound, start)
    }
    if let last = kinds.indices.last, kinds[last] == kind {
      plane.kind = Int32(last)
    } else if let index = kinds.firstIndex(of: kind) {
      plane.kind = Int32(index)
    } else {
      guard kinds.count < Self.mostKinds else {
        throw MovieError(
          .inconsistent, "the CZI file has planes of more than \(kinds.count) different sizes",
          file: file.path, hint: "it may hold the results of an analysis; export the movie itself")
      }
      plane.kind = Int32(kinds.count)
      kinds.append(kind)
    }
    compressions.insert(compression)
    planes.append(plane)
  }

  private static let mostKinds = 64
}
