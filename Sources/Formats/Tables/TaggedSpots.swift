import Containers
import Microscopy

/// Micro-Manager's tagged spot files (TSF): messages of protocol buffers, one per spot, and one for
/// all of them.
///
/// Four bytes of 0 and the place of the last message (8 bytes, big endian, counted from byte 12)
/// precede the spots. Frames count from 1. Fields by number: TSFProto.
enum TaggedSpots {
  private static let headBytes = 12

  /// Whether the file begins like one of `size` bytes whose list of spots lies inside.
  static func recognizes(_ head: [UInt8], size: Int) -> Bool {
    guard head.count >= headBytes, head[..<4].allSatisfy({ $0 == 0 }),
      let place = place(in: head)
    else { return false }
    return place > 0 && place < size - headBytes
  }

  private static func place(in bytes: [UInt8]) -> Int? {
    Int(exactly: bytes[4..<headBytes].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// The message that describes all spots.
  private struct List {
    var field = FieldOfView()
    var locationUnit = 0
    var intensityUnit = 0

    init(_ bytes: [UInt8], _ range: Range<Int>) throws(FileFault) {
      var reader = try ProtobufReader(bytes, range)
      while let (number, value) = try reader.next() {
        switch (number, value) {
        case (5, .number(let width)): field.width = Int(exactly: width)
        case (6, .number(let height)): field.height = Int(exactly: height)
        case (19, .number(let frames)): field.frames = Int(exactly: frames)
        case (7, .fixed(let bits)):
          let size = Double(Float(bitPattern: bits))
          if size > 0, size.isFinite { field.pixelSize = size }
        case (22, .number(let unit)): locationUnit = Int(clamping: unit)
        case (23, .number(let unit)): intensityUnit = Int(clamping: unit)
        default: continue
        }
      }
      for size in [field.width, field.height, field.frames]
      where size.map({ $0 > 1 << 40 }) ?? false {
        throw FileFault("states a size of \(size ?? 0)", byte: range.lowerBound)
      }
    }
  }

  private static let names: [Int: String] = [
    1: "molecule", 2: "channel", 3: "frame", 4: "slice", 5: "pos", 7: "x", 8: "y", 9: "z",
    10: "intensity", 11: "background", 12: "width", 104: "x_precision", 105: "y_precision",
    106: "z_precision",
  ]

  static func read(_ path: String, options: TableOptions) throws -> Localizations {
    let bytes = try InputFile.contents(of: path)
    guard let offset = place(in: bytes), offset < bytes.count - headBytes else {
      throw FileFault("has no list of spots", byte: 4)
    }
    let end = headBytes + offset
    var cursor = try ByteCursor(bytes, from: end)
    let list = try List(bytes, try message(&cursor))
    var columns: [Int: [Double]] = [:]
    var rows = 0
    cursor = try ByteCursor(bytes, from: headBytes, to: end)
    var allowance = Allowance(file: bytes.count)
    while !cursor.atEnd {
      try readSpot(bytes, try message(&cursor), row: rows, list, &columns)
      rows += 1
      try allowance.take(8 * names.count)
    }
    let units = ["nm", "um", "px"]
    guard units.indices.contains(list.locationUnit) else {
      throw FileFault("states positions in the unknown unit \(list.locationUnit)", byte: end)
    }
    let unit = units[list.locationUnit]
    let numbers = columns.keys.sorted()
    var options = options
    options.pixelSize = options.pixelSize ?? list.field.pixelSize
    return try dialect.table(
      numbers.map {
        TableDialect.Column(name: names[$0] ?? "", unit: self.unit(of: $0, unit, list))
      },
      numbers.map { number in
        let values = columns[number] ?? []
        return values + Array(repeating: .nan, count: rows - values.count)
      }, template: Localizations(field: list.field), path: path, options: options)
  }

  private static func unit(of number: Int, _ location: String, _ list: List) -> String {
    switch number {
    case 7, 8, 12, 104, 105: location
    // Heights in pixels have no meaning.
    case 9, 106: location == "px" ? "nm" : location
    case 10, 11: list.intensityUnit == 1 ? "photon" : "count"
    default: ""
    }
  }

  private static let dialect: TableDialect = {
    typealias Meaning = TableDialect.Meaning
    return TableDialect(
      name: "TSF",
      meanings: [
        Meaning(.id, "", "molecule"), Meaning(.x, nil, "x"), Meaning(.y, nil, "y"),
        Meaning(.z, nil, "z"), Meaning(.photons, nil, "intensity"),
        Meaning(.background, nil, "background"), Meaning(.xError, nil, "x_precision"),
        Meaning(.yError, nil, "y_precision"), Meaning(.zError, nil, "z_precision"),
      ])
  }()

  /// The range of a message behind its length.
  private static func message(_ cursor: inout ByteCursor) throws(FileFault) -> Range<Int> {
    var length: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 63, by: 7) {
      let byte = UInt64(try cursor.byte())
      length |= (byte & 0x7f) << shift
      if byte < 0x80 {
        guard let count = Int(exactly: length) else { break }
        return try cursor.range(count)
      }
    }
    throw FileFault("states an impossible length", byte: cursor.position)
  }

  private static func readSpot(
    _ bytes: [UInt8], _ range: Range<Int>, row: Int, _ list: List, _ columns: inout [Int: [Double]]
  ) throws(FileFault) {
    var reader = try ProtobufReader(bytes, range)
    while let (number, value) = try reader.next() {
      let stored: Double
      switch value {
      case .fixed(let bits): stored = Double(Float(bitPattern: bits))
      // Negative numbers of 32 bits are stored in 64.
      case .number(let whole): stored = Double(Int64(bitPattern: whole))
      case .bytes: continue
      }
      if number == 17 && stored != Double(list.locationUnit)
        || number == 18 && stored != Double(list.intensityUnit)
      {
        throw FileFault.refusal(
          "has spots in different units", hint: "write all spots in one unit")
      }
      guard names[number] != nil, columns[number]?.count ?? 0 <= row else { continue }
      var column = columns[number] ?? []
      columns[number] = nil
      // Spots without this field.
      while column.count < row { column.append(.nan) }
      column.append(stored)
      columns[number] = column
    }
  }
}
