/// An array of a NumPy file (.npy, versions 1 to 3), converted to float32 in C order.
///
/// Source: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
package struct NumPyArray {
  package let shape: [Int]
  package let values: [Float]

  /// What precedes the numbers.
  package struct Header {
    /// NumPy's name of the element type, such as "<f4".
    package let type: String
    package let isFortranOrder: Bool
    package let shape: [Int]
    /// Position of the first number.
    let start: Int
    /// The whole header, a Python dictionary.
    let text: String

    package init(_ bytes: [UInt8]) throws(FileFault) {
      guard recognizes(bytes) else { throw FileFault("is not a NumPy array", byte: 0) }
      var cursor = try ByteCursor(bytes, from: 6)
      let version = try cursor.byte()
      try cursor.skip(1)
      let header = try cursor.text(try cursor.length(version == 1 ? 2 : 4))
      guard let descr = Self.value("descr", in: header),
        let order = Self.value("fortran_order", in: header),
        let sizes = Self.value("shape", in: header)
      else { throw FileFault("has a NumPy header without descr, fortran_order or shape", byte: 8) }
      type = descr.filter { !"'\" ".contains($0) }
      isFortranOrder = order.contains("True")
      var shape: [Int] = []
      for part in sizes.split(whereSeparator: { "(), ".contains($0) }) {
        guard let length = Int(part) else { throw FileFault("has the shape \(sizes))", byte: 8) }
        shape.append(length)
      }
      guard elementCount(shape) != nil, shape.count <= 32 else {
        throw FileFault("has the impossible shape \(sizes))", byte: 8)
      }
      self.shape = shape
      text = header
      start = cursor.offset
    }

    /// True for Python objects, which could be read only by executing code.
    package var holdsObjects: Bool { type.contains("O") }

    /// nil if the type is not a plain number.
    package var element: StoredElement? {
      let names: [Substring: StoredElement] = [
        "f2": .f16, "f4": .f32, "f8": .f64, "i1": .i8, "i2": .i16, "i4": .i32, "i8": .i64,
        "u1": .u8, "u2": .u16, "u4": .u32, "u8": .u64, "b1": .bool,
      ]
      return names[type.drop { "<>=|".contains($0) }]
    }

    /// The text of one entry of the header, a Python dictionary with three known keys.
    private static func value(_ key: String, in header: String) -> String? {
      guard let start = header.firstRange(of: "'\(key)':") else { return nil }
      let rest = header[start.upperBound...]
      let end = key == "shape" ? rest.firstIndex(of: ")") : rest.firstIndex(of: ",")
      return end.map { String(rest[..<$0]) }
    }
  }

  package init(_ bytes: [UInt8]) throws(FileFault) {
    let header = try Header(bytes)
    guard let element = header.element else {
      throw FileFault("has elements of type \(header.type), not plain numbers", byte: 8)
    }
    let shape = header.shape
    let count = elementCount(shape) ?? 0
    guard count * element.width == bytes.count - header.start else {
      throw FileFault(
        "has the shape \(shape), which needs \(count * element.width) bytes, it holds "
          + "\(bytes.count - header.start)", byte: header.start)
    }
    let stored = element.floats(bytes[header.start...], bigEndian: header.type.hasPrefix(">"))
    self.shape = shape
    values =
      header.isFortranOrder && shape.count > 1
      ? Self.fromFortranOrder(stored, shape) : stored
  }

  /// The array in an archive's member; `name` appears in faults.
  package init(_ bytes: [UInt8], name: String) throws(FileFault) {
    do throws(FileFault) {
      self = try NumPyArray(bytes)
    } catch {
      throw FileFault("member `\(name)` \(error.reason)", byte: error.byte)
    }
  }

  static func recognizes(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x93]) && bytes.dropFirst().starts(with: "NUMPY".utf8)
  }

  private static func fromFortranOrder(_ values: [Float], _ shape: [Int]) -> [Float] {
    var strides = [1]
    for length in shape.dropLast() { strides.append(strides.last! * length) }
    return gather(values, shape: shape, strides: strides, offset: 0)
  }
}

/// Elements of a strided view in C order. The caller must ensure that every index is in `values`.
package func gather(
  _ values: [Float], shape: [Int], strides: [Int], offset: Int
) -> [Float] {
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
