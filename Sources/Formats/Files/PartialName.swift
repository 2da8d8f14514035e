import Foundation

/// Names for incomplete outputs, derived from the requested names.
package enum PartialName {
  /// Tries `claim` with locs.partial.csv, locs.partial-2.csv … until a name is free, so that
  /// partial outputs of earlier runs are never replaced.
  package static func of(_ path: String, claim: (String) throws -> Void) throws -> String {
    try of([path]) { try claim($0[0]) }[0]
  }

  /// The same for files that belong together, such as locs.csv and locs-protocol.txt.
  package static func of(
    _ paths: [String], claim: ([String]) throws -> Void
  ) throws -> [String] {
    let stem = paths.map(stem).min { $0.utf8.count < $1.utf8.count } ?? ""
    for number in 1...999 {
      let mark = number == 1 ? ".partial" : ".partial-\(number)"
      let names = paths.map { path in
        let own = path.hasPrefix(stem) ? stem : Self.stem(path)
        return own + mark + path.dropFirst(own.count)
      }
      do {
        try claim(names)
        return names
      } catch OutputError.exists {}
    }
    throw OutputError.exists(path: paths.first ?? "")
  }

  /// A path up to its extension. SMAP finds its files by an ending with more than the extension.
  private static func stem(_ path: String) -> String {
    if path.lowercased().hasSuffix(SMAPWriter.suffix) {
      return String(path.dropLast(SMAPWriter.suffix.count))
    }
    let kind = URL(fileURLWithPath: path).pathExtension
    return kind.isEmpty ? path : String(path.dropLast(kind.count + 1))
  }
}
