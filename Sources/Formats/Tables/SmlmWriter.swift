import Containers
import Foundation
import Microscopy

/// Streams an smlm archive: a zip file with one binary table and its `manifest.json`.
///
/// Values are 32-bit floats with ThunderSTORM's names and units: nm from the corner of the first
/// pixel, frames from 1. The recipe and the movie's size are in the manifest under `glint`.
///
/// `@unchecked Sendable`: calls come one at a time, as for every `TableWriter`.
final class SmlmWriter: TableWriter, @unchecked Sendable {
  private static let tableName = "table-0.bin"
  private static let formatName = "smlm-table(binary)-0"
  private static let blockRows = 4096

  private let path: String
  private let field: FieldOfView
  private let quantities: [Quantity]
  private let columns: [ThunderstormColumn]
  private let file: StagedFile
  private var sink: FileSink
  private var rows = 0
  private var checksum: UInt32 = 0
  private var lowest: [Double]
  private var highest: [Double]

  init(path: String, field: FieldOfView, quantities: [Quantity], overwrite: Bool) throws {
    guard let pixelSize = field.pixelSize else { throw TableError.pixelSizeUnknown(path: path) }
    try TableError.require([.x, .y], among: quantities, path: path)
    (self.path, self.field, self.quantities) = (path, field, quantities)
    columns = ThunderstormColumn.layout(quantities, pixelSize: pixelSize)
    lowest = Array(repeating: .infinity, count: columns.count)
    highest = Array(repeating: -.infinity, count: columns.count)
    file = try StagedFile(path: path, overwrite: overwrite)
    sink = FileSink(file)
    try write(ZipWriter.header(Self.tableName, size: 0, checksum: 0))
  }

  private func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try sink.write($0) }
  }

  private var tableBytes: Int { rows * columns.count * 4 }

  func append(_ batch: Localizations) throws {
    try TableError.require(quantities, of: batch, path: path)
    // Half a gigabyte is left for the manifest.
    guard (rows + batch.count) * columns.count * 4 < ZipWriter.largest - 1 << 29 else {
      throw TableError.unrepresentable(
        path: path, reason: "an smlm archive holds up to 4 GB; write .hdf5 instead")
    }
    // The manifest and the directory must fit even if the disk is full then.
    try file.reserve(
      sink.length + batch.count * columns.count * 4 + StagedFile.notesBytes, steps: 1 << 22)
    for first in stride(from: 0, to: batch.count, by: Self.blockRows) {
      let part = first..<min(first + Self.blockRows, batch.count)
      let bytes = block(batch, part)
      checksum = bytes.withUnsafeBytes { ZipWriter.checksum($0, after: checksum) }
      try write(bytes)
      rows += part.count
    }
  }

  /// Interleaved rows; whole numbers are stored as 32-bit ones.
  private func block(_ batch: Localizations, _ part: Range<Int>) -> [UInt8] {
    let width = columns.count
    var values = [Double](repeating: 0, count: width * part.count)
    values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      for (index, column) in columns.enumerated() {
        column.gather(from: batch, part, to: start + index, stride: width)
        for row in part {
          let place = (row - part.lowerBound) * width + index
          switch column.content {
          case .rowNumber: buffer[place] = Double(rows + row - part.lowerBound + 1)
          case .frame: buffer[place] = Double(max(0, batch.frame[row]) + 1)
          case .value, .meanWidth, .lateralError: break
          }
          if buffer[place] < lowest[index] { lowest[index] = buffer[place] }
          if buffer[place] > highest[index] { highest[index] = buffer[place] }
        }
      }
    }
    var bytes = [UInt8]()
    bytes.reserveCapacity(values.count * 4)
    for (place, value) in values.enumerated() {
      let bits =
        columns[place % width].isWhole
        ? UInt32(exactly: value) ?? .max : Float(value).bitPattern
      withUnsafeBytes(of: bits.littleEndian) { bytes += $0 }
    }
    return bytes
  }

  func rename(to path: String) throws { try file.rename(to: path) }
  func abandon() { file.discard() }

  func finish(_ provenance: [ProvenanceStep]) throws {
    let manifest = try self.manifest(provenance)
    let manifestPlace = sink.length
    let sum = manifest.withUnsafeBytes { ZipWriter.checksum($0) }
    try write(ZipWriter.header(SmlmArchive.manifestName, size: manifest.count, checksum: sum))
    try write(manifest)
    var archive = ZipWriter()
    archive.add(Self.tableName, at: 0, size: tableBytes, checksum: checksum)
    archive.add(SmlmArchive.manifestName, at: manifestPlace, size: manifest.count, checksum: sum)
    try write(archive.directory(at: sink.length))
    try sink.flush()
    try file.end(at: sink.length)
    // The header of the table again, now that its size is known.
    try ZipWriter.header(Self.tableName, size: tableBytes, checksum: checksum).withUnsafeBytes {
      try file.write($0, at: 0)
    }
    try file.commit()
  }

  private func manifest(_ provenance: [ProvenanceStep]) throws -> [UInt8] {
    let names = columns.map(\.name)
    func numbers(_ values: [Double]) -> [String: Double] {
      Dictionary(
        zip(names, values.map { $0.isFinite ? $0 : 0 }), uniquingKeysWith: { first, _ in first })
    }
    let notes = SmlmArchive.Notes(field: field, steps: provenance)
    let own = try JSONSerialization.jsonObject(with: JSONEncoder().encode(notes))
    let content: [String: Any] = [
      "format_version": "0.2", "name": URL(fileURLWithPath: path).lastPathComponent,
      "description": "", "tags": ["SMLM"], "thumbnail": "", "sample": "", "labeling": "",
      "date": "", "author": "", "citation": "", "email": "",
      "formats": [
        Self.formatName: [
          "name": Self.formatName, "type": "table", "mode": "binary", "extension": ".bin",
          "description": "localizations written by Glint \(glintVersion)",
          "columns": columns.count, "headers": names,
          "dtype": columns.map { $0.isWhole ? "uint32" : "float32" },
          "shape": columns.map { _ in 1 }, "units": columns.map(\.unit),
        ] as [String: Any]
      ],
      "files": [
        [
          "name": Self.tableName, "type": "table", "format": Self.formatName,
          "channel": "default", "rows": rows, "offset": numbers(names.map { _ in 0 }),
          "min": numbers(lowest), "max": numbers(highest),
        ] as [String: Any]
      ],
      "glint": own,
    ]
    return Array(
      try JSONSerialization.data(
        withJSONObject: content, options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]))
  }
}
