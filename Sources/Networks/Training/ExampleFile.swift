import Reporting

/// A file that examples are made with: a recipe names it, and its reader adds the content.
///
/// A trained model keeps the path and the checksum, from which one can tell later which file it was.
/// It does not keep the content, which only a training needs. Two files are equal if their paths and
/// checksums are.
package struct ExampleFile<Content: Sendable>: Sendable {
  package let path: String
  /// CRC-32 of the file; nil before it is read.
  package let checksum: UInt32?
  /// nil before the file is read.
  package let content: Content?

  package init(_ path: String, checksum: UInt32? = nil, content: Content? = nil) {
    self.path = path
    self.checksum = checksum
    self.content = content
  }

  /// Throws `SettingsError` if the file was not read.
  var loaded: Content {
    get throws(SettingsError) {
      guard let content else { throw SettingsError("\(path) was not read", hint: nil) }
      return content
    }
  }
}

extension ExampleFile: Hashable {
  package static func == (a: Self, b: Self) -> Bool {
    a.path == b.path && a.checksum == b.checksum
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(path)
    hasher.combine(checksum)
  }
}

/// As text the path; with a checksum a section, `{path: psf.hdf5, crc32: 305419896}`.
extension ExampleFile: Codable {
  private enum Keys: String, CodingKey { case path, crc32 }

  package init(from decoder: any Decoder) throws {
    if let path = try? decoder.singleValueContainer().decode(String.self) {
      self.init(path)
    } else {
      let fields = try decoder.container(keyedBy: Keys.self)
      self.init(
        try fields.decode(String.self, forKey: .path),
        checksum: try fields.decodeIfPresent(UInt32.self, forKey: .crc32))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    guard let checksum else {
      var text = encoder.singleValueContainer()
      return try text.encode(path)
    }
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(path, forKey: .path)
    try fields.encode(checksum, forKey: .crc32)
  }
}
