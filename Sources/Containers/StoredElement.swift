/// A number type of files.
package enum StoredElement: String, CaseIterable, Sendable {
  case f16 = "F16"
  case bf16 = "BF16"
  case f32 = "F32"
  case f64 = "F64"
  case i8 = "I8"
  case i16 = "I16"
  case i32 = "I32"
  case i64 = "I64"
  case u8 = "U8"
  case u16 = "U16"
  case u32 = "U32"
  case u64 = "U64"
  case bool = "BOOL"

  package var width: Int {
    switch self {
    case .i8, .u8, .bool: 1
    case .f16, .bf16, .i16, .u16: 2
    case .f32, .i32, .u32: 4
    case .f64, .i64, .u64: 8
    }
  }

  /// All the numbers in `bytes`, rounded to float32.
  package func floats(_ bytes: ArraySlice<UInt8>, bigEndian: Bool = false) -> [Float] {
    bytes.withUnsafeBytes { floats($0, bigEndian: bigEndian) }
  }

  package func floats(_ raw: UnsafeRawBufferPointer, bigEndian: Bool = false) -> [Float] {
    let width = width
    if self == .f32, !bigEndian {
      return [Float](unsafeUninitializedCapacity: raw.count / width) { values, count in
        count = raw.count / width
        UnsafeMutableRawBufferPointer(values).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: raw[..<(count * width)]))
      }
    }
    return (0..<raw.count / width).map { index in
      var bits: UInt64 = 0
      for k in 0..<width {
        let byte = raw[index * width + (bigEndian ? k : width - 1 - k)]
        bits = bits << 8 | UInt64(byte)
      }
      return float(bits)
    }
  }

  private func float(_ bits: UInt64) -> Float {
    switch self {
    case .f16: Float(Float16(bitPattern: UInt16(bits)))
    case .bf16: Float(bitPattern: UInt32(bits) << 16)
    case .f32: Float(bitPattern: UInt32(bits))
    case .f64: Float(Double(bitPattern: bits))
    case .i8: Float(Int8(truncatingIfNeeded: bits))
    case .i16: Float(Int16(truncatingIfNeeded: bits))
    case .i32: Float(Int32(truncatingIfNeeded: bits))
    case .i64: Float(Int64(bitPattern: bits))
    case .u8, .u16, .u32, .u64: Float(bits)
    case .bool: bits == 0 ? 0 : 1
    }
  }

  /// `count` numbers, the first at `offset`, then one every `stride` bytes. All must be inside
  /// `raw`.
  package func doubles(
    _ raw: UnsafeRawBufferPointer, from offset: Int, stride: Int, count: Int, bigEndian: Bool
  ) -> [Double] {
    precondition(count == 0 || offset + (count - 1) * stride + width <= raw.count)
    func column<Bits: FixedWidthInteger>(
      _: Bits.Type, _ value: (Bits) -> Double
    ) -> [Double] {
      [Double](unsafeUninitializedCapacity: count) { result, filled in
        for index in 0..<count {
          let bits = raw.loadUnaligned(fromByteOffset: offset + index * stride, as: Bits.self)
          result[index] = value(bigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
        }
        filled = count
      }
    }
    switch self {
    case .f16: return column(UInt16.self) { Double(Float16(bitPattern: $0)) }
    case .bf16: return column(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .f32: return column(UInt32.self) { Double(Float(bitPattern: $0)) }
    case .f64: return column(UInt64.self) { Double(bitPattern: $0) }
    case .i8: return column(Int8.self) { Double($0) }
    case .i16: return column(Int16.self) { Double($0) }
    case .i32: return column(Int32.self) { Double($0) }
    case .i64: return column(Int64.self) { Double($0) }
    case .u8: return column(UInt8.self) { Double($0) }
    case .u16: return column(UInt16.self) { Double($0) }
    case .u32: return column(UInt32.self) { Double($0) }
    case .u64: return column(UInt64.self) { Double($0) }
    case .bool: return column(UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }
}

/// The number of elements of a shape in a file; nil if no memory could hold them.
///
/// Lengths of 0 are checked like lengths of 1, so that the product of any of the lengths fits too.
package func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for length in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: max(1, length))
    guard length >= 0, !overflow, product < 1 << 40 else { return nil }
    count = product
  }
  return shape.contains(0) ? 0 : count
}
