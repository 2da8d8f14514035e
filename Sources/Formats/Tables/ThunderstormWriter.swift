import Foundation
import Microscopy

/// Writes a ThunderSTORM CSV with the protocol beside it, as a stream.
///
/// Lengths are in nm with three decimals; other fractions have nine digits. ThunderSTORM's columns
/// come first under its names, then all other columns under Glint's names. A table without z has
/// `sigma` even if both widths were fitted, because importers of such tables ask for it.
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
  /// The values of a block of rows in row order, collected before they are formatted.
  private let block: UnsafeMutablePointer<Double>
  private static let blockRows = 256

  /// - Parameter hasOwn: whether errors per axis follow, which ThunderSTORM does not know.
  init(
    path: String, field: FieldOfView, quantities: [Quantity], hasOwn: Bool = true, overwrite: Bool
  ) throws {
    guard let pixelSize = field.pixelSize else { throw TableError.pixelSizeUnknown(path: path) }
    try TableError.require([.x, .y], among: quantities, path: path)
    self.path = path
    self.field = field
    self.quantities = quantities
    columns = ThunderstormColumn.layout(quantities, pixelSize: pixelSize, hasOwn: hasOwn)
    table = try StagedFile(path: path, overwrite: overwrite)
    notes = try StagedFile(
      path: ThunderstormProtocol.path(besideTable: path), overwrite: overwrite)
    try notes.reserve(StagedFile.notesBytes)
    sink = FileSink(table)
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
        // A batch that does not fit leaves no partial row, so complete rows stay readable.
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
        case .value, .meanWidth, .lateralError:
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

/// A column of an output ThunderSTORM table.
struct ThunderstormColumn {
  enum Content {
    case rowNumber
    case frame
    case value(Quantity)
    /// The geometric mean of both widths.
    case meanWidth
    /// The root mean square of the errors in x and y.
    case lateralError
  }

  var name: String
  /// Empty without a unit.
  var unit = ""
  var content: Content
  /// The file's value is `(value + add) · multiply`.
  var add = 0.0
  var multiply = 1.0
  var precision = DecimalText.Precision.significant(9)

  var header: String { unit.isEmpty ? name : "\(name) [\(unit)]" }

  /// Whether its values are whole numbers that count from 1.
  var isWhole: Bool {
    switch content {
    case .rowNumber, .frame: true
    case .value, .meanWidth, .lateralError: false
    }
  }

  /// ThunderSTORM's columns in its order, then the others in table order.
  ///
  /// - Parameter hasOwn: false for ThunderSTORM's columns alone.
  static func layout(
    _ quantities: [Quantity], pixelSize: Double, hasOwn: Bool = true
  ) -> [Self] {
    let present = Set(quantities)
    let elliptical = present.contains(.sigmaY)
    var columns = [
      present.contains(.id)
        ? Self(name: "id", content: .value(.id)) : Self(name: "id", content: .rowNumber),
      Self(name: "frame", content: .frame),
    ]
    let named: [(Quantity, String)] = [
      (.x, "x"), (.y, "y"), (.z, "z"), (.sigmaX, elliptical ? "sigma1" : "sigma"),
      (.sigmaY, "sigma2"), (.photons, "intensity"), (.background, "offset"),
      (.backgroundDeviation, "bkgstd"), (.chiSquare, "chi2"), (.xError, ""),
      (.zError, "uncertainty_z"), (.detections, "detections"),
    ]
    for (quantity, name) in named where present.contains(quantity) {
      if quantity == .sigmaX, elliptical, !present.contains(.z) {
        var column = Self(quantity, name: "sigma", pixelSize: pixelSize)
        column.content = .meanWidth
        columns.append(column)
      }
      if quantity == .xError {
        guard present.contains(.yError) else { continue }
        var column = Self(quantity, name: "uncertainty_xy", pixelSize: pixelSize)
        column.content = .lateralError
        columns.append(column)
      } else {
        columns.append(Self(quantity, name: name, pixelSize: pixelSize))
      }
    }
    let placed = Set(named.map(\.0)).subtracting([.xError]).union([.id])
    let rest = hasOwn ? quantities.filter { !placed.contains($0) } : []
    return columns + rest.map { Self($0, name: $0.name, pixelSize: pixelSize) }
  }

  private init(name: String, content: Content) {
    self.name = name
    self.content = content
  }

  private init(_ quantity: Quantity, name: String, pixelSize: Double) {
    self.name = name
    unit = quantity.unit.rawValue
    content = .value(quantity)
    switch quantity.unit {
    case .pixel where Quantity.known[quantity.name] == quantity:
      unit = "nm"
      multiply = pixelSize
      precision = .decimals(3)
      if quantity == .x || quantity == .y { add = 0.5 }
    case .nanometre: precision = .decimals(3)
    // ThunderSTORM's background is per pixel, with the unit photon.
    case .photonPerPixel where quantity == .background: unit = "photon"
    default: break
    }
  }

  /// Writes the file's values of some rows from `place`, `stride` apart; nothing for row numbers.
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
    case .meanWidth:
      let (x, y) = (batch[.sigmaX]!, batch[.sigmaY]!)
      for row in rows {
        place[(row - rows.lowerBound) * stride] = (x[row] * y[row]).squareRoot() * multiply
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
