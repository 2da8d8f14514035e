import Containers
import Foundation
import Microscopy

/// Insight3 molecule lists (M425 `.bin`) and the emitter lists of storm-analysis (`_olist.txt`).
///
/// In both, the first pixel's centre is at 1. A `.bin` counts frames from 1; a list has no frame
/// numbers, and its emitters belong to the first frame.
enum Insight3 {
  private static let headerBytes = 16
  private static let recordBytes = 72

  /// Eighteen fields of four bytes: x, y, xc, yc, height, area, width, phi, aspect, background,
  /// intensity (Float), category, density, frame, length, link (Int32), z, zc (Float).
  static func readBinary(_ path: String, options: TableOptions) throws -> Localizations {
    try options.refuseColumns(of: "Insight3", path: path)
    let data = try InputFile.contents(of: path)
    guard data.count >= headerBytes else {
      throw TableError.damaged(
        path: path,
        reason: "the file has \(data.count) bytes, less than its header of \(headerBytes)")
    }
    return try data.withUnsafeBytes { bytes in
      func integer(_ offset: Int) -> Int {
        Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
      }
      let rows = integer(12)
      let present = (bytes.count - headerBytes) / recordBytes
      guard rows >= 0, rows <= present else {
        throw TableError.damaged(
          path: path, reason: "the header states \(rows) molecules, the file contains \(present)")
      }
      func float(_ row: Int, _ field: Int) -> Double {
        let offset = headerBytes + row * recordBytes + field * 4
        let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return Double(Float(bitPattern: UInt32(littleEndian: bits)))
      }
      func column(_ field: Int, minus shift: Double = 0) -> [Double] {
        (0..<rows).map { float($0, field) - shift }
      }
      var table = Localizations(field: FieldOfView(pixelSize: options.pixelSize))
      table.frame = try (0..<rows).map { row in
        let frame = integer(headerBytes + row * recordBytes + 13 * 4)
        guard frame >= 1 else {
          throw TableError.damaged(
            path: path, reason: "molecule \(row) is in frame \(frame), but frames count from 1")
        }
        return frame - 1
      }
      table[.x] = column(0, minus: 1)
      table[.y] = column(1, minus: 1)
      table[.z] = column(16)
      table[.photons] = column(5)
      table[.background] = column(9)
      table[Quantity("height", .none)] = column(4)
      table[Quantity("width", .nanometre)] = column(6)
      table[Quantity("category", .none)] = (0..<rows).map {
        Double(integer(headerBytes + $0 * recordBytes + 11 * 4))
      }
      return table
    }
  }

  /// Lines of x, y, height, z.
  static func readList(_ path: String, options: TableOptions) throws -> Localizations {
    try options.refuseColumns(of: "storm-analysis", path: path)
    let reader = try LineReader(path: path)
    var scanner = DelimitedScanner(
      path: path, style: DelimitedScanner.Style(delimiter: 32), keep: [true, true, true, true])
    var table = Localizations(field: FieldOfView(pixelSize: options.pixelSize))
    var values = [[Double]](repeating: [], count: 4)
    var line = 1
    while var rest = try reader.chunk() {
      while !rest.isEmpty {
        let consumed = try scanner.scan(rest, line: &line)
        rest = UnsafeBufferPointer(rebasing: rest.dropFirst(consumed))
        for index in values.indices { values[index] += scanner.column(index) }
        scanner.removeRows()
      }
    }
    table.frame = Array(repeating: 0, count: values[0].count)
    table[.x] = values[0].map { $0 - 1 }
    table[.y] = values[1].map { $0 - 1 }
    table[Quantity("height", .none)] = values[2]
    table[.z] = values[3]
    return table
  }
}
