import Containers
import Foundation

/// The container format of a table, detected from its first bytes.
enum TableKind {
  case hdf5
  case matlab
  case archive
  case numpy
  case json
  case insight3
  case rapidStorm
  case taggedSpots
  case delimited
  case folder

  init(path: String) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      self = .folder
      return
    }
    let (head, size) = try TableError.reading(path) {
      let file = try InputFile(path)
      return (try file.bytes(at: 0, count: 4096), file.size)
    }
    if head.isEmpty { throw TableError.damaged(path: path, reason: "it is empty") }
    // HDF5 allows a user block of 512 · 2ⁿ bytes before its signature; MATLAB uses 512.
    let places = [0, 512, 1024, 2048]
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    if places.contains(where: { head.dropFirst($0).starts(with: signature) }) {
      self = .hdf5
    } else if let kind = Self.signatures.first(where: { head.starts(with: $0.0) })?.1 {
      self = kind
    } else if let foreign = Self.foreign.first(where: { head.starts(with: $0.0) }) {
      throw TableError.unknownKind(path: path, found: foreign.1)
    } else if TaggedSpots.recognizes(head, size: size) {
      self = .taggedSpots
    } else if head.contains(0), !Self.hasFooter(head) {
      throw TableError.unknownKind(path: path, found: "binary content of an unknown kind")
    } else {
      self = Self.isJSON(head) ? .json : .delimited
    }
  }

  private static let signatures: [([UInt8], TableKind)] = [
    (Array("M425".utf8), .insight3), (Array("# <localizations".utf8), .rapidStorm),
    (Array("MATLAB 5.0 MAT-file".utf8), .matlab), ([0x50, 0x4B, 3, 4], .archive),
    ([0x93] + Array("NUMPY".utf8), .numpy),
  ]

  /// Common other formats, so that the error can name them.
  private static let foreign: [([UInt8], String)] = [
    (Array("PK".utf8), "a ZIP archive"),
    (Array("II*\0".utf8), "a TIFF image"), (Array("MM\0*".utf8), "a TIFF image"),
    ([0x89, 0x50, 0x4E, 0x47], "a PNG image"), (Array("PAR1".utf8), "a Parquet table"),
    (Array("DCIMG".utf8), "a Hamamatsu movie (DCIMG)"), (Array("ARROW1".utf8), "an Arrow table"),
    ([0xFF, 0xFE], "text in UTF-16, not UTF-8"), ([0xFE, 0xFF], "text in UTF-16, not UTF-8"),
    ([0x1F, 0x8B], "compressed with gzip"),
  ]

  /// Whether the NUL byte in the head begins the footer of an Elyra table.
  private static func hasFooter(_ head: [UInt8]) -> Bool {
    guard let end = head.firstIndex(where: { $0 == 10 || $0 == 13 }), !head[..<end].contains(0),
      let header = DelimitedHeader(String(decoding: head[..<end], as: UTF8.self)),
      let null = head.firstIndex(of: 0)
    else { return false }
    return TableDialect.of(header.columns).endsAtNull
      && (head[null - 1] == 10 || head[null - 1] == 13)
  }

  private static func isJSON(_ head: [UInt8]) -> Bool {
    let text = head.drop { $0 == 32 || $0 == 9 || $0 == 10 || $0 == 13 }
    guard let first = text.first, first == UInt8(ascii: "[") || first == UInt8(ascii: "{") else {
      return false
    }
    let second = text.dropFirst().first { $0 != 32 && $0 != 9 && $0 != 10 && $0 != 13 }
    return second == (first == UInt8(ascii: "[") ? UInt8(ascii: "{") : UInt8(ascii: "\""))
  }
}
