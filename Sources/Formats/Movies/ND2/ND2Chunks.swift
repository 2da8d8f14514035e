import Containers
import Microscopy

/// The chunks of an ND2 file: where the frames are, and what describes them.
///
/// A chunk is u32 0x0ABECEDA, u32 length of its name, u64 length of its data, the name up to `!` and
/// padding, and the data. The map at the end of the file lists the name, position and size of every
/// chunk; it is missing if the acquisition was interrupted.
struct ND2Chunks {
  static let magic: [UInt8] = [0xDA, 0xCE, 0xBE, 0x0A]

  let file: FileBytes
  /// Positions of the chunks of the frames, in the order of their numbers.
  private(set) var frames = OffsetTable()
  /// Why frames are missing.
  private(set) var truncation: Truncation?
  private(set) var notes: [String] = []
  private var places: [String: Int] = [:]

  init(_ file: FileBytes) throws(MovieError) {
    self.file = file
    var found: [(frame: Int, place: Int)] = []
    if try !readMap(&found) {
      found = []
      places = [:]
      let end = try walk(&found)
      truncation = Truncation(
        "the map of chunks at the end of the file is missing or damaged, as after an interrupted "
          + "acquisition; a search through the chunks up to byte \(end) found \(found.count) frames",
        file: file.path)
    }
    order(found)
  }

  /// Sorts by the number of the frame; a gap ends the movie.
  private mutating func order(_ found: [(frame: Int, place: Int)]) {
    var table = [Int](repeating: -1, count: found.count)
    for (frame, place) in found where frame < table.count && table[frame] < 0 {
      table[frame] = place
    }
    for (frame, place) in table.enumerated() {
      guard place >= 0 else {
        truncation =
          truncation
          ?? Truncation(
            "frame \(frame) is missing among the \(table.count) frames of the file",
            file: file.path)
        break
      }
      frames.append(place)
    }
  }

  /// Reads the map; false if there is none.
  private mutating func readMap(_ found: inout [(frame: Int, place: Int)]) throws(MovieError)
    -> Bool
  {
    let tail = try file.bytes(at: max(0, file.size - 40), count: 40)[...]
    let signature = Array("ND2 CHUNK MAP SIGNATURE 0000001!".utf8)
    guard tail.starts(with: signature),
      let place = tail.little(UInt64.self, at: 32).flatMap({ Int(exactly: $0) }),
      let map = try chunk(at: place), map.name == "ND2 FILEMAP SIGNATURE NAME 0001!"
    else { return false }
    var list = ForwardBytes(file, from: map.data, to: map.data + map.count)
    while true {
      let text = try list.peek(Self.longestName)
      guard let end = text.firstIndex(of: UInt8(ascii: "!")) else { return false }
      let name = text[text.startIndex...end]
      if name.elementsEqual(signature) { return true }
      list.skip(name.count)
      let numbers = try list.peek(16)
      guard let place = numbers.little(UInt64.self, at: 0) else { return false }
      list.skip(16)
      // A place outside of the file is that of a missing chunk.
      take(name, Int(exactly: place) ?? .max, &found)
    }
  }

  /// Goes through all chunks from the beginning; returns where they end.
  private mutating func walk(_ found: inout [(frame: Int, place: Int)]) throws(MovieError) -> Int {
    var place = 0
    while let chunk = try chunk(at: place) {
      take(Array(chunk.name.utf8)[...], place, &found)
      place = chunk.data + chunk.count
    }
    return place
  }

  private mutating func take(
    _ name: ArraySlice<UInt8>, _ place: Int, _ found: inout [(frame: Int, place: Int)]
  ) {
    if let frame = Self.frame(of: name) {
      found.append((frame, place < file.size ? place : -1))
    } else if name.starts(with: Array("Image".utf8)) {
      places[String(decoding: name, as: UTF8.self)] = place
    }
  }

  /// The number of the frame in the name of a chunk; nil if it is another kind of chunk.
  static func frame(of name: ArraySlice<UInt8>) -> Int? {
    let prefix = "ImageDataSeq|".utf8
    guard name.last == UInt8(ascii: "!"), name.starts(with: prefix) else { return nil }
    let digits = name.dropFirst(prefix.count).dropLast()
    guard (1...10).contains(digits.count) else { return nil }
    var number = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      number = number * 10 + Int(digit - 48)
    }
    return number
  }

  struct Chunk {
    /// Up to and with `!`.
    var name: String
    /// Position of its data.
    var data: Int
    var count: Int
  }

  private static let longestName = 256

  /// The chunk at a position; nil if there is none, or if it goes beyond the end of the file.
  func chunk(at place: Int) throws(MovieError) -> Chunk? {
    guard place >= 0, place < file.size else { return nil }
    let head = try file.bytes(at: place, count: 16 + Self.longestName)[...]
    guard head.starts(with: Self.magic), let nameBytes = head.little(UInt32.self, at: 4),
      let count = head.little(UInt64.self, at: 8).flatMap({ Int(exactly: $0) }),
      Int(nameBytes) <= file.size - place - 16,
      count <= file.size - place - 16 - Int(nameBytes)
    else { return nil }
    let name = head.dropFirst(16).prefix(Int(nameBytes))
    guard let end = name.firstIndex(of: UInt8(ascii: "!")) else { return nil }
    return Chunk(
      name: String(decoding: name[name.startIndex...end], as: UTF8.self),
      data: place + 16 + Int(nameBytes), count: count)
  }

  /// Metadata of tens of kilobytes are usual; beyond this size they are not read.
  private static let longestMetadata = 1 << 26

  /// The values of a chunk of metadata: `LV` records of version 3, or XML of version 2. nil if there
  /// is no such chunk.
  func metadata(_ name: String, _ index: String = "") throws(MovieError) -> ND2Value? {
    for name in ["\(name)LV\(index)!", "\(name)\(index)!"] {
      guard let place = places[name], let chunk = try chunk(at: place), chunk.name == name,
        chunk.count <= Self.longestMetadata
      else { continue }
      let bytes = try file.bytes(at: chunk.data, count: chunk.count)
      do throws(FileFault) {
        return try ND2Value(bytes, at: chunk.data)
      } catch {
        throw MovieError(.inconsistent, "its \(name) \(error.words)", file: file.path)
      }
    }
    return nil
  }
}
