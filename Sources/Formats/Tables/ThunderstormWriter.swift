import Foundation
import Microscopy

/// Streams a ThunderSTORM CSV with the protocol beside it.
///
/// Lengths are nm with three decimals, other fractions have nine digits. ThunderSTORM's columns come
/// first, under its names; then every other column under Glint's.
///
/// `@unchecked Sendable`: calls come one at a time, as `TableWriter` demands.
final class ThunderstormWriter: TableWriter, @unchecked Sendable {
  private let lock = NSLock()
  private let path: String
  private let field: FieldOfView
  private let columns: [ThunderstormColumn]
  private let quantities: [Quantity]
  private let table: StagedFile
  private let notes: StagedFile
  private var sink: FileSink
  private var rows: UInt64 = 0
  /// The numbers of a block of rows, row after row: columns are put together here before they become
  /// text.
  private let block: UnsafeMutablePointer<Double>
  private static let blockRows = 256

  init(path: String, field: FieldOfView, quantities: [Quantity], overwrite: Bool) throws {
    guard let pixelSize = field.pixelSize else { throw TableError.pixelSizeUnknown(path: path) }
    try TableError.require([.x, .y], among: quantities, path: path)
    self.path = path
    self.field = field
    self.quantities = quantities
    columns = ThunderstormColumn.layout(quantities, pixelSize: pixelSize)
    table = try StagedFile(path: path, overwrite: overwrite)
    notes = try StagedFile(
      path: ThunderstormProtocol.path(besideTable: path), overwrite: overwrite)
    sink = try FileSink(file: table.temporary, path: path)
    block = .allocate(capacity: Self.blockRows * columns.count)
    try sink.write(columns.map { "\"\($0.header)\"" }.joined(separator: ",") + "\n")
  }

  deinit { block.deallocate() }

  func append(_ batch: Localizations) throws {
    try lock.withLock {
      try TableError.require(quantities, of: batch, path: path)
      let complete = (bytes: sink.length, rows: rows)
      do {
        for first in stride(from: 0, to: batch.count, by: Self.blockRows) {
          try write(batch, first..<min(first + Self.blockRows, batch.count))
        }
        try sink.flush()
      } catch {
        // What was complete stays readable: a batch that does not fit leaves no half row behind.
        sink.truncate(to: complete.bytes)
        rows = complete.rows
        throw error
      }
    }
  }

  func rename(to path: String) throws {
    try table.rename(to: path)
    try notes.rename(to: ThunderstormProtocol.path(besideTable: path))
  }

  private func write(_ batch: Localizations, _ part: Range<Int>) throws {
    let width = columns.count
    for index in columns.indices {
      columns[index].gather(from: batch, part, to: block + index, stride: width)
    }
    let roomPerRow = width * (DecimalText.longest + 1)
    for row in part {
      rows += 1
      var place = try sink.reserve(roomPerRow)
      let values = block + (row - part.lowerBound) * width
      for index in 0..<width {
        switch columns[index].content {
        case .rowNumber: place = DecimalText.write(rows, at: place)
        case .frame: place = DecimalText.write(UInt64(max(0, batch.frame[row])) + 1, at: place)
        case .value, .lateralError:
          place = DecimalText.write(values[index], columns[index].precision, at: place)
        }
        place[0] = UInt8(ascii: ",")
        place += 1
      }
      place[-1] = 10
      sink.advance(to: place)
    }
  }

  func finish(_ provenance: [ProvenanceStep]) throws {
    try lock.withLock {
      try sink.flush()
      try notes.write(ThunderstormProtocol(field: field, provenance: provenance).text())
      try StagedFile.commit([notes, table])
    }
  }

  func abandon() {
    table.discard()
    notes.discard()
  }
}

/// A column of a ThunderSTORM table as it is written.
struct ThunderstormColumn {
  enum Content {
    case rowNumber
    case frame
    case value(Quantity)
    /// The root mean square of the errors in x and y.
    case lateralError
  }

  var header: String
  var content: Content
  /// The file's value is `(value + add) · multiply`.
  var add = 0.0
  var multiply = 1.0
  var precision = DecimalText.Precision.significant(9)

  /// ThunderSTORM's columns in its order, then the rest in the table's.
  static func layout(_ quantities: [Quantity], pixelSize: Double) -> [Self] {
    let present = Set(quantities)
    let elliptical = present.contains(.sigmaY)
    var columns = [
      present.contains(.id)
        ? Self(header: "id", content: .value(.id)) : Self(header: "id", content: .rowNumber),
      Self(header: "frame", content: .frame),
    ]
    let named: [(Quantity, String)] = [
      (.x, "x"), (.y, "y"), (.z, "z"), (.sigmaX, elliptical ? "sigma1" : "sigma"),
      (.sigmaY, "sigma2"), (.photons, "intensity"), (.background, "offset"),
      (.backgroundDeviation, "bkgstd"), (.chiSquare, "chi2"), (.xError, ""),
      (.zError, "uncertainty_z"), (.detections, "detections"),
    ]
    for (quantity, name) in named where present.contains(quantity) {
      if quantity == .xError {
        guard present.contains(.yError) else { continue }
        var column = Self(quantity, name: "uncertainty", pixelSize: pixelSize)
        column.content = .lateralError
        columns.append(column)
      } else {
        columns.append(Self(quantity, name: name, pixelSize: pixelSize))
      }
    }
    let placed = Set(named.map(\.0)).subtracting([.xError]).union([.id])
    let rest = quantities.filter { !placed.contains($0) }
    return columns + rest.map { Self($0, name: $0.name, pixelSize: pixelSize) }
  }

  private init(header: String, content: Content) {
    self.header = header
    self.content = content
  }

  private init(_ quantity: Quantity, name: String, pixelSize: Double) {
    var unit = quantity.unit.rawValue
    content = .value(quantity)
    switch quantity.unit {
    case .pixel where Quantity.known[quantity.name] == quantity:
      unit = "nm"
      multiply = pixelSize
      precision = .decimals(3)
      if quantity == .x || quantity == .y { add = 0.5 }
    case .nanometre: precision = .decimals(3)
    // ThunderSTORM states the background per pixel and calls its unit photon.
    case .photonPerPixel where quantity == .background: unit = "photon"
    default: break
    }
    header = unit.isEmpty ? name : "\(name) [\(unit)]"
  }

  /// Puts the file's values of some rows at `place` and every `stride` after it; nothing where they
  /// are counted.
  func gather(
    from batch: Localizations, _ rows: Range<Int>, to place: UnsafeMutablePointer<Double>,
    stride: Int
  ) {
    switch content {
    case .rowNumber, .frame: break
    case .value(let quantity):
      let values = batch[quantity]!
      for row in rows {
        place[(row - rows.lowerBound) * stride] = (values[row] + add) * multiply
      }
    case .lateralError:
      let (x, y) = (batch[.xError]!, batch[.yError]!)
      for row in rows {
        let mean = ((x[row] * x[row] + y[row] * y[row]) / 2).squareRoot()
        place[(row - rows.lowerBound) * stride] = (mean + add) * multiply
      }
    }
  }
}
