import Foundation

/// A numpy array of real numbers (`.npy`, versions 1 to 3), in C order.
struct NumpyArray {
  var shape: [Int]
  var values: [Float]

  init(path: String) throws {
    func damaged(_ reason: String) -> CameraFileError { .damaged(path: path, reason: reason) }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CameraFileError.unreadable(path: path, reason: "the file cannot be opened")
    }
    guard data.count >= 12 else { throw damaged("its header is cut off") }
    let long = data[6] >= 2
    let lengthBytes = long ? 4 : 2
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(data[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes + length
    guard start <= data.count else { throw damaged("its header is cut off") }
    let header = String(decoding: data[(8 + lengthBytes)..<start], as: UTF8.self)
    guard let type = Self.value(of: "descr", in: header)?.filter({ $0 != "'" && $0 != "\"" }),
      let order = Self.value(of: "fortran_order", in: header),
      let sizes = Self.value(of: "shape", in: header)
    else { throw damaged("its header is not that of numpy") }
    if type.contains("O") { throw CameraFileError.pickled(path: path) }
    shape = sizes.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
    guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 && $0 < 1 << 20 }), shape.count <= 4 else {
      throw damaged("its shape is (\(sizes))")
    }
    guard let element = Self.elements[String(type.drop { "<>=|".contains($0) })] else {
      throw CameraFileError.unknownKind(path: path, found: "an array of the type \(type)")
    }
    let count = shape.reduce(1.0) { $0 * Double($1) }
    guard count * Double(element.bytes) == Double(data.count - start) else {
      throw damaged(
        "its shape \(shape) needs \(Int(count) * element.bytes) bytes, it holds \(data.count - start)"
      )
    }
    let swapped = type.hasPrefix(">")
    let stored = data[start...].withUnsafeBytes { bytes in
      (0..<Int(count)).map { element.read(bytes, $0 * element.bytes, swapped) }
    }
    values = order.hasPrefix("True") ? Self.transposed(stored, shape) : stored
  }

  /// The text of a value of the header's dictionary.
  private static func value(of key: String, in header: String) -> Substring? {
    guard let place = header.range(of: "'\(key)':") else { return nil }
    let rest = header[place.upperBound...].drop { $0 == " " }
    if rest.first == "(" { return rest.dropFirst().prefix { $0 != ")" } }
    return rest.prefix { $0 != "," && $0 != "}" }
  }

  private struct Element: Sendable {
    var bytes: Int
    var read: @Sendable (UnsafeRawBufferPointer, Int, Bool) -> Float
  }

  private static func integer<T: FixedWidthInteger & Sendable>(_: T.Type) -> Element {
    Element(bytes: T.bitWidth / 8) { bytes, offset, swapped in
      let value = bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
      return Float(swapped ? T(bigEndian: value) : T(littleEndian: value))
    }
  }

  private static let elements: [String: Element] = [
    "u1": integer(UInt8.self), "u2": integer(UInt16.self), "u4": integer(UInt32.self),
    "i2": integer(Int16.self), "i4": integer(Int32.self), "i8": integer(Int64.self),
    "f4": Element(bytes: 4) { bytes, offset, swapped in
      let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      return Float(bitPattern: swapped ? UInt32(bigEndian: bits) : UInt32(littleEndian: bits))
    },
    "f8": Element(bytes: 8) { bytes, offset, swapped in
      let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let value = swapped ? UInt64(bigEndian: bits) : UInt64(littleEndian: bits)
      return Float(Double(bitPattern: value))
    },
  ]

  /// From first index fastest to last index fastest.
  private static func transposed(_ stored: [Float], _ shape: [Int]) -> [Float] {
    var strides = [1]
    for size in shape.dropLast() { strides.append(strides.last! * size) }
    return stored.indices.map { index in
      var (rest, place) = (index, 0)
      for axis in shape.indices.reversed() {
        place += rest % shape[axis] * strides[axis]
        rest /= shape[axis]
      }
      return stored[place]
    }
  }
}
