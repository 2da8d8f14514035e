import Foundation

extension JSONEncoder {
  /// An encoder for readable files: indented, sorted keys, unescaped slashes.
  package static var indented: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}
