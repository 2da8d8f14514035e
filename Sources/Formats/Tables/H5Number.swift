import CHDF5

/// How a number lies in an HDF5 file: one of the standard whole numbers or IEEE floats.
///
/// Glint converts them itself. The library's converter takes odd sizes and offsets of a damaged type at
/// their word and writes past its buffers.
struct H5Number {
  private enum Kind { case signed, unsigned, float }

  let bytes: Int
  private let kind: Kind
  private let bigEndian: Bool

  /// nil for every other type.
  init?(_ type: hid_t) {
    let size = H5Tget_size(type)
    let order = H5Tget_order(type)
    guard [1, 2, 4, 8].contains(size), order == H5T_ORDER_LE || order == H5T_ORDER_BE else {
      return nil
    }
    bytes = size
    bigEndian = order == H5T_ORDER_BE
    switch H5Tget_class(type) {
    case H5T_INTEGER:
      guard H5Tget_precision(type) == size * 8, H5Tget_offset(type) == 0 else { return nil }
      kind = H5Tget_sign(type) == H5T_SGN_NONE ? .unsigned : .signed
    case H5T_FLOAT:
      let standard = [glint_h5_f32le(), glint_h5_f64le(), glint_h5_f32be(), glint_h5_f64be()]
      guard standard.contains(where: { H5Tequal(type, $0) > 0 }) else { return nil }
      kind = .float
    default: return nil
    }
  }

  /// The same from a datatype message of the file (Format Specification 3.0, IV.A.2.d).
  init?(message type: H5Bytes) {
    guard let first = type.number(0, bytes: 1), let bits = type.number(1, bytes: 3),
      let size = type.number(4, bytes: 4), let offset = type.number(8, bytes: 2),
      let precision = type.number(10, bytes: 2), [1, 2, 4, 8].contains(size), offset == 0,
      precision == size * 8
    else { return nil }
    bytes = size
    bigEndian = bits & 1 != 0
    switch first & 15 {
    case 0: kind = bits & 8 != 0 ? .signed : .unsigned
    case 1:
      // Where exponent and mantissa lie, how long they are, and the exponent's bias.
      let fields = (12..<16).map { type.number($0, bytes: 1) }
      let isIEEE =
        size == 4
        ? fields == [23, 8, 0, 23] && type.number(16, bytes: 4) == 127
        : size == 8 && fields == [52, 11, 0, 52] && type.number(16, bytes: 4) == 1023
      guard isIEEE, bits & 0x40 == 0 else { return nil }
      kind = .float
    default: return nil
    }
  }

  /// `count` numbers, the first at `offset`, one every `stride` bytes.
  func read(_ data: UnsafeRawBufferPointer, from offset: Int, stride: Int, count: Int) -> [Double] {
    precondition(count == 0 || offset + (count - 1) * stride + bytes <= data.count)
    func column<Bits: FixedWidthInteger>(
      _: Bits.Type, _ value: (Bits) -> Double
    ) -> [Double] {
      [Double](unsafeUninitializedCapacity: count) { result, filled in
        for index in 0..<count {
          let bits = data.loadUnaligned(fromByteOffset: offset + index * stride, as: Bits.self)
          result[index] = value(bigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
        }
        filled = count
      }
    }
    switch (kind, bytes) {
    case (.float, 4): return column(UInt32.self) { Double(Float(bitPattern: $0)) }
    case (.float, _): return column(UInt64.self) { Double(bitPattern: $0) }
    case (.signed, 1): return column(Int8.self) { Double($0) }
    case (.signed, 2): return column(Int16.self) { Double($0) }
    case (.signed, 4): return column(Int32.self) { Double($0) }
    case (.signed, _): return column(Int64.self) { Double($0) }
    case (.unsigned, 1): return column(UInt8.self) { Double($0) }
    case (.unsigned, 2): return column(UInt16.self) { Double($0) }
    case (.unsigned, 4): return column(UInt32.self) { Double($0) }
    case (.unsigned, _): return column(UInt64.self) { Double($0) }
    }
  }
}
