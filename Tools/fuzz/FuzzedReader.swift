import Foundation

/// A reader of one kind of file, and how an input becomes its files.
struct FuzzedReader: Sendable {
  let name: String
  /// The names of the files; an input holds them one after another.
  let files: [String]
  /// Whether the folder of the files is opened, not the first of them.
  var opensFolder = false
  /// Files beside them that never change.
  var fixed: [(name: String, bytes: [UInt8])] = []
  /// The first bytes of the first file, by which the format is recognised: one of these, by choice of
  /// the input's first byte.
  var signatures: [[UInt8]] = []
  /// Opens and reads the file at a path. The flag varies what else is asked of the reader.
  let read: @Sendable (_ path: String, _ flag: Bool) throws -> Void

  /// The bytes with a signature of the format, so that no input is wasted on another one.
  func signed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let first = bytes.first, !signatures.contains(where: { bytes.starts(with: $0) }) else {
      return bytes
    }
    let signature = signatures.isEmpty ? [] : signatures[Int(first) % signatures.count]
    return signature + bytes.dropFirst(signature.count)
  }

  static let all = movies + tables + calibrations + cameras + networks + texts

  static let hdf5: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
  static let matlab = Array("MATLAB 5.0 MAT-file".utf8)
  static let zip: [UInt8] = [0x50, 0x4B, 3, 4]
  static let numpy = [0x93] + Array("NUMPY".utf8)
  static let tiff: [[UInt8]] = [
    Array("II*\0".utf8), Array("MM\0*".utf8), Array("II+\0".utf8), Array("MM\0+".utf8),
  ]
}
