/// An array of a NumPy file (.npy): float32 in C order whatever the file's type and order.
package struct NumPyArray {
  package let shape: [Int]
  package let values: [Float]

  package init(_ bytes: [UInt8]) throws {
    self = try Self.decode(bytes)
  }

  private init(shape: [Int], values: [Float]) {
    self.shape = shape
    self.values = values
  }

  static func recognizes(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x93]) && bytes.dropFirst().starts(with: "NUMPY".utf8)
  }

  /// The array of an archive's member; faults name it.
  static func decode(_ bytes: [UInt8], name: String) throws(FileFault) -> NumPyArray {
    do {
      return try decode(bytes)
    } catch {
      throw FileFault("member `\(name)` \(error.reason)", byte: error.byte)
    }
  }

  static func decode(_ bytes: [UInt8]) throws(FileFault) -> NumPyArray {
    guard recognizes(bytes) else { throw FileFault("is no NumPy array", byte: 0) }
    var cursor = try ByteCursor(bytes, from: 6)
    let version = try cursor.byte()
    try cursor.skip(1)
    let header = try cursor.text(try cursor.length(version == 1 ? 2 : 4))
    guard let descr = value("descr", in: header), let order = value("fortran_order", in: header),
      let shapeText = value("shape", in: header)
    else { throw FileFault("has a NumPy header without descr, fortran_order or shape", byte: 8) }
    let type = descr.filter { !"'\" ".contains($0) }
    let names: [String: StoredElement] = [
      "f2": .f16, "f4": .f32, "f8": .f64, "i1": .i8, "i2": .i16, "i4": .i32, "i8": .i64, "u1": .u8,
      "u2": .u16, "u4": .u32, "u8": .u64, "b1": .bool,
    ]
    guard let element = names[String(type.suffix(2))], type.count == 3 else {
      throw FileFault("has elements of type \(type), not plain numbers", byte: 8)
    }
    var shape: [Int] = []
    for part in shapeText.split(whereSeparator: { "(), ".contains($0) }) {
      guard let length = Int(part) else { throw FileFault("has the shape \(shapeText)", byte: 8) }
      shape.append(length)
    }
    guard let count = elementCount(shape), shape.count <= 32 else {
      throw FileFault("has the impossible shape \(shapeText)", byte: 8)
    }
    let data = try cursor.take(count * element.width)
    let values = element.floats(data, bigEndian: type.hasPrefix(">"))
    let reversed = order.contains("True") && shape.count > 1
    return NumPyArray(
      shape: shape, values: reversed ? fromFortranOrder(values, shape) : values)
  }

  /// The text of one entry of the header, which is a Python dictionary of three known keys.
  private static func value(_ key: String, in header: String) -> String? {
    guard let start = header.firstRange(of: "'\(key)':") else { return nil }
    let rest = header[start.upperBound...]
    let end = key == "shape" ? rest.firstIndex(of: ")") : rest.firstIndex(of: ",")
    return end.map { String(rest[..<$0]) }
  }

  private static func fromFortranOrder(_ values: [Float], _ shape: [Int]) -> [Float] {
    var strides = [1]
    for length in shape.dropLast() { strides.append(strides.last! * length) }
    return gather(values, shape: shape, strides: strides, offset: 0)
  }
}

/// Elements of a strided view in C order. Every index lies within `values`: the caller has checked.
func gather(_ values: [Float], shape: [Int], strides: [Int], offset: Int) -> [Float] {
  let count = shape.reduce(1, *)
  guard count > 0 else { return [] }
  var index = [Int](repeating: 0, count: shape.count)
  var place = offset
  var result: [Float] = []
  result.reserveCapacity(count)
  while true {
    result.append(values[place])
    var axis = shape.count - 1
    while axis >= 0 {
      index[axis] += 1
      place += strides[axis]
      if index[axis] < shape[axis] { break }
      place -= strides[axis] * shape[axis]
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return result }
  }
}
