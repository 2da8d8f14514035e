/// The heap in which an HDF5 file keeps texts of variable length, read without the library.
///
/// Layout: HDF5 File Format Specification 3.0, III.E (global heap).
struct H5GlobalHeap {
  private let file: H5RawFile
  /// Where the file's addresses count from.
  private let base: Int

  /// Longer texts are not metadata.
  private static let longest = 64 << 20

  init(_ file: H5RawFile, base: Int) {
    self.file = file
    self.base = base
  }

  /// The text of a descriptor: its length, the address of a collection, and the number of an object in
  /// it. nil where it points nowhere.
  func text(_ descriptor: H5Bytes) -> String? {
    guard let length = descriptor.number(0, bytes: 4), length <= Self.longest,
      let address = descriptor.number(4, bytes: 8), address < file.count,
      let wanted = descriptor.number(12, bytes: 4),
      let head = file.bytes(base + address, 16), head.starts(with: "GCOL"),
      let size = head.number(8, bytes: 8)
    else { return nil }
    let end = base + address + min(size, file.count)
    var place = base + address + 16
    while place < end, let object = file.bytes(place, 16),
      let index = object.number(0, bytes: 2), let size = object.number(8, bytes: 8)
    {
      guard index != 0, size < file.count else { return nil }
      if index == wanted { return length <= size ? file.bytes(place + 16, length)?.text : nil }
      place += 16 + (size + 7) / 8 * 8
    }
    return nil
  }
}
