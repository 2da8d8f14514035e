import Foundation

extension JSONEncoder {
  /// As files have it that people read too: indented, keys in order, slashes as they are.
  package static var indented: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}
