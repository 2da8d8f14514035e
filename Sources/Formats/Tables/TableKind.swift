import Foundation

/// The container format of a table, detected from its first bytes.
enum TableKind {
  case hdf5
  case insight3
  case rapidStorm
  case delimited
  case folder

  init(path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw TableError.unreadable(path: path, reason: String(cString: strerror(errno)).lowercased())
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      self = .folder
      return
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw TableError.unreadable(path: path, reason: "it is neither a file nor a folder")
    }
    let head = try Self.head(of: path)
    if head.isEmpty { throw TableError.damaged(path: path, reason: "it is empty") }
    // HDF5 allows a user block of 512 · 2ⁿ bytes before its signature; MATLAB uses 512.
    let places = [0, 512, 1024, 2048]
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    if places.contains(where: { head.dropFirst($0).starts(with: signature) }) {
      self = .hdf5
    } else if head.starts(with: Array("M425".utf8)) {
      self = .insight3
    } else if head.starts(with: Array("# <localizations".utf8)) {
      self = .rapidStorm
    } else if let foreign = Self.foreign.first(where: { head.starts(with: $0.0) }) {
      throw TableError.unknownKind(path: path, found: foreign.1)
    } else if head.contains(0) {
      throw TableError.unknownKind(path: path, found: "binary content of an unknown kind")
    } else {
      self = .delimited
    }
  }

  /// Common other formats, so that the error can name them.
  private static let foreign: [([UInt8], String)] = [
    (Array("MATLAB 5.0 MAT-file".utf8), "a MATLAB 5 file"), (Array("PK".utf8), "a ZIP archive"),
    (Array("II*\0".utf8), "a TIFF image"), (Array("MM\0*".utf8), "a TIFF image"),
    ([0x89, 0x50, 0x4E, 0x47], "a PNG image"), ([0x93] + Array("NUMPY".utf8), "a numpy array"),
  ]

  private static func head(of path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else {
      throw TableError.unreadable(path: path, reason: String(cString: strerror(errno)).lowercased())
    }
    defer { close(descriptor) }
    return [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(0, pread(descriptor, buffer.baseAddress!, 4096, 0))
    }
  }
}
