/// Writes variables of a MATLAB 5 file, uncompressed.
///
/// Source: "MAT-File Format", MathWorks.
package struct MATWriter {
  package indirect enum Value {
    /// Column-major, the first index fastest.
    case numbers(shape: [Int], [Double])
    case text(String)
    case structure([(name: String, value: Value)])
  }

  /// The longest name of a field that MATLAB reads.
  package static let longestName = 63
  /// The largest variable that the format can hold, bytes.
  package static let largest = Int(Int32.max)

  /// What precedes the variables.
  package static func head(_ description: String) -> [UInt8] {
    var bytes = Array("MATLAB 5.0 MAT-file, \(description)".utf8.prefix(116))
    bytes += Array(repeating: 32, count: 116 - bytes.count) + Array(repeating: 0, count: 8)
    return bytes + [0x00, 0x01, 0x49, 0x4D]
  }

  /// Bytes of a variable in the file; nil if the format cannot hold it.
  package static func size(of value: Value, name: String) -> Int? {
    let size = 8 + bodySize(value, name)
    return size <= largest ? size : nil
  }

  /// Gives the bytes of a variable in pieces to `write`. It must fit the format.
  package static func write(
    _ value: Value, name: String, to write: ([UInt8]) throws -> Void
  ) rethrows {
    var head = tag(14, bodySize(value, name))
    head += tag(6, 8) + word(kind(value)) + word(0)
    head += tag(5, 4 * shape(value).count) + shape(value).flatMap { word(UInt32($0)) }
    head = padded(head)
    head += padded(tag(1, name.utf8.count) + Array(name.utf8))
    try write(head)
    switch value {
    case .numbers(_, let values):
      try write(tag(9, 8 * values.count))
      for start in stride(from: 0, to: values.count, by: 4096) {
        var bytes: [UInt8] = []
        for value in values[start..<min(start + 4096, values.count)] {
          withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
        }
        try write(bytes)
      }
    case .text(let text):
      let codes = Array(text.utf16)
      try write(
        padded(tag(4, 2 * codes.count) + codes.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }))
    case .structure(let fields):
      let length = nameLength
      var names = [UInt8]()
      for field in fields {
        let name = Array(field.name.utf8.prefix(longestName))
        names += name + Array(repeating: 0, count: length - name.count)
      }
      // The length of a name is a small element.
      try write([5, 0, 4, 0] + word(UInt32(length)) + tag(1, names.count) + names)
      for field in fields { try Self.write(field.value, name: "", to: write) }
    }
  }

  private static let nameLength = 64

  private static func kind(_ value: Value) -> UInt32 {
    switch value {
    case .structure: 2
    case .text: 4
    case .numbers: 6
    }
  }

  private static func shape(_ value: Value) -> [Int] {
    switch value {
    case .structure: [1, 1]
    case .text(let text): [text.isEmpty ? 0 : 1, text.utf16.count]
    case .numbers(let shape, _): shape
    }
  }

  /// Bytes behind the tag of a matrix.
  private static func bodySize(_ value: Value, _ name: String) -> Int {
    func element(_ bytes: Int) -> Int { 8 + (bytes + 7) / 8 * 8 }
    var size = 16 + element(4 * shape(value).count) + element(name.utf8.count)
    switch value {
    case .numbers(_, let values): size += element(8 * values.count)
    case .text(let text): size += element(2 * text.utf16.count)
    case .structure(let fields):
      size += 8 + element(nameLength * fields.count)
      for field in fields { size += 8 + bodySize(field.value, "") }
    }
    return size
  }

  private static func tag(_ type: UInt32, _ bytes: Int) -> [UInt8] {
    word(type) + word(UInt32(clamping: bytes))
  }

  private static func word(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + Array(repeating: 0, count: (8 - bytes.count % 8) % 8)
  }
}
