import Foundation

/// The tags and texts of an XML document in sequence, found by a scan without validation.
struct XMLScan: Sequence, IteratorProtocol {
  enum Event {
    case open(XMLTag)
    /// The bytes between two tags, if there is more than white space.
    case text(ArraySlice<UInt8>)
    /// The name of the element that ends.
    case close(String)
  }

  /// Deeper elements than this do not occur in real files; the scan ends there.
  static let mostLevels = 256

  private let bytes: [UInt8]
  private var at = 0
  private var closesItself = false
  /// The names of the open elements, from the root; the last one is that of the `open` event.
  private(set) var path: [String] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Event? {
    if closesItself {
      closesItself = false
      return .close(path.removeLast())
    }
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "<") else {
        let start = at
        at = place(of: "<", from: at)
        if bytes[start..<at].contains(where: { $0 > 32 }) { return .text(bytes[start..<at]) }
        continue
      }
      if begins(with: "<!--") {
        at = place(of: "-->", from: at + 4) + 3
      } else if begins(with: "<![CDATA[") {
        let start = at + 9
        at = place(of: "]]>", from: start) + 3
        return .text(bytes[start..<Swift.max(start, Swift.min(at - 3, bytes.count))])
      } else if begins(with: "<!") || begins(with: "<?") {
        at = place(of: ">", from: at) + 1
      } else if begins(with: "</") {
        let end = place(of: ">", from: at)
        let name = XMLTag.localName(bytes[Swift.min(at + 2, end)..<end])
        at = end + 1
        // A closing tag without its opening one is ignored.
        guard let level = path.lastIndex(of: name) else { continue }
        path.removeSubrange(level...)
        return .close(name)
      } else {
        guard path.count < Self.mostLevels else { return nil }
        let tag = openingTag()
        path.append(tag.name)
        return .open(tag)
      }
    }
    return nil
  }

  /// The tag that begins at `at`, up to the first `>` that is not in quotes.
  private mutating func openingTag() -> XMLTag {
    let start = at + 1
    var end = start
    var quote: UInt8?
    while end < bytes.count {
      let byte = bytes[end]
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        break
      }
      end += 1
    }
    closesItself = end > start && end < bytes.count && bytes[end - 1] == UInt8(ascii: "/")
    at = end + 1
    return XMLTag(bytes[start..<(closesItself ? end - 1 : end)])
  }

  private func begins(with text: StaticString) -> Bool { isAt(at, text) }

  private func isAt(_ place: Int, _ text: StaticString) -> Bool {
    guard bytes.count - place >= text.utf8CodeUnitCount else { return false }
    for i in 0..<text.utf8CodeUnitCount where bytes[place + i] != text.utf8Start[i] {
      return false
    }
    return true
  }

  /// The next place of `text`; the end of the document if there is none.
  private func place(of text: StaticString, from start: Int) -> Int {
    var place = start
    while place < bytes.count {
      if bytes[place] == text.utf8Start[0], isAt(place, text) { return place }
      place += 1
    }
    return bytes.count
  }
}

/// An opening tag; its attributes are parsed when they are asked for.
struct XMLTag {
  /// The name without its namespace.
  let name: String
  private let rest: ArraySlice<UInt8>

  /// - Parameter content: the bytes between `<` and `>`.
  fileprivate init(_ content: ArraySlice<UInt8>) {
    let end = content.firstIndex { $0 <= 32 || $0 == UInt8(ascii: "/") } ?? content.endIndex
    name = Self.localName(content[..<end])
    rest = content[end...]
  }

  fileprivate static func localName(_ bytes: ArraySlice<UInt8>) -> String {
    let trimmed = bytes.prefix { $0 > 32 }
    guard let colon = trimmed.lastIndex(of: UInt8(ascii: ":")) else {
      return String(decoding: trimmed, as: UTF8.self)
    }
    return String(decoding: trimmed[(colon + 1)...], as: UTF8.self)
  }

  subscript(name: String) -> String? { attributes[name] }

  var attributes: [String: String] {
    var result: [String: String] = [:]
    var rest = rest
    while true {
      rest = rest.drop { $0 <= 32 || $0 == UInt8(ascii: "/") }
      let name = rest.prefix { $0 > 32 && $0 != UInt8(ascii: "=") }
      rest = rest[name.endIndex...].drop { $0 <= 32 || $0 == UInt8(ascii: "=") }
      guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
      else { return result }
      rest = rest.dropFirst()
      guard let close = rest.firstIndex(of: quote) else { return result }
      result[String(decoding: name, as: UTF8.self)] = Self.text(rest[..<close])
      rest = rest[(close + 1)...]
    }
  }

  /// Bytes of the document as text, with the five named characters in place of their entities.
  static func text(_ bytes: ArraySlice<UInt8>) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    guard bytes.contains(UInt8(ascii: "&")) else { return text }
    return [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
      .reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }
}

/// The opening tags of an XML text in sequence.
struct XMLTags: Sequence, IteratorProtocol {
  /// The name without its namespace.
  typealias Tag = (name: String, attributes: [String: String])
  private var scan: XMLScan

  init(_ text: String) { scan = XMLScan(Array(text.utf8)) }

  mutating func next() -> Tag? {
    while let event = scan.next() {
      if case .open(let tag) = event { return (tag.name, tag.attributes) }
    }
    return nil
  }
}
