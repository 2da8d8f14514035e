import Foundation
import Testing

/// CONTRIBUTING's table of modules, compared with every import in the tree and with Package.swift.
@Suite struct ImportTests {
  /// A row: a place, and what it may import.
  struct Place: CustomTestStringConvertible, Sendable {
    /// Relative to the package: "Sources/Compute".
    let folder: String
    let imports: Set<String>
    /// The module's name, if it has one.
    var module: String { String(folder.split(separator: "/").last!) }
    var testDescription: String { folder }
  }

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) -> String {
    (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)) ?? ""
  }

  /// The rows in order; several places may share one.
  static let table: [Place] = {
    let lines = text("CONTRIBUTING.md").split(separator: "\n").drop {
      !$0.hasPrefix("| place | what | imports |")
    }
    return lines.dropFirst(2).prefix { $0.hasPrefix("|") }.flatMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      let places = quoted(cells[0], by: "`")
      let parent = places[0].split(separator: "/").dropLast().joined(separator: "/")
      let imports = cells.last!.split(separator: ",")
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0 != "–" }
      return places.map { name in
        let folder = name.contains("/") || parent.isEmpty ? name : "\(parent)/\(name)"
        return Place(
          folder: folder.hasSuffix("/") ? String(folder.dropLast()) : folder,
          imports: Set(imports.map { $0.trimmingCharacters(in: ["`"]) }))
      }
    }
  }()

  private static func quoted(_ text: String, by mark: Character) -> [String] {
    text.split(separator: mark, omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  /// Modules of the system and the toolchain.
  private static let system: Set = ["Dispatch", "Foundation", "Glibc", "Synchronization"]

  /// Paths of a folder's files with one of these extensions.
  private static func files(_ folder: String, _ endings: String...) -> [String] {
    let base = root.appendingPathComponent(folder)
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: base.path)) ?? []
    return paths.filter { path in endings.contains { path.hasSuffix(".\($0)") } }
      .map { "\(folder)/\($0)" }.sorted()
  }

  @Test func theTableNamesEveryPlace() throws {
    try #require(Self.table.count > 15, "the table is not found: \(Self.table.map(\.folder))")
    #expect(Set(Self.table.map(\.folder)).count == Self.table.count, "a place has two rows")
    for parent in ["Sources", "Tools"] {
      let folders = try FileManager.default.contentsOfDirectory(
        atPath: Self.root.appendingPathComponent(parent).path
      ).filter { !Self.files("\(parent)/\($0)", "swift", "c", "modulemap").isEmpty }
      for folder in folders {
        #expect(Self.table.contains { $0.folder == "\(parent)/\(folder)" }, "\(parent)/\(folder)")
      }
    }
  }

  /// A place imports only what is listed above it.
  @Test func nothingIsImportedUpwards() {
    for (index, place) in Self.table.enumerated() {
      let above = Set(Self.table[..<index].map(\.module))
      let inside = Set(Self.table.map(\.module))
      for name in place.imports where inside.contains(name) {
        #expect(above.contains(name), "\(place.folder) imports \(name), which stands below it")
      }
    }
  }

  @Test(arguments: table) func swiftImportsWhatTheTableSays(_ place: Place) {
    for file in Self.files(place.folder, "swift") {
      for line in Self.text(file).split(separator: "\n") {
        guard let name = Self.imported(line) else { continue }
        #expect(
          place.imports.contains(name) || Self.system.contains(name), "\(file) imports \(name)")
      }
    }
  }

  /// The module imported by a line; nil for any other line.
  private static func imported(_ line: Substring) -> String? {
    let words = line.split(separator: " ")
    guard let at = words.firstIndex(of: "import"),
      words[..<at].allSatisfy({ $0.hasPrefix("@") || ["public", "package"].contains($0) }),
      let name = words.dropFirst(at + 1).first(where: {
        !["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"].contains($0)
      })
    else { return nil }
    return name.split(separator: ".").first.map(String.init)
  }

  @Test func importLinesAreRecognised() {
    #expect(Self.imported("import Compute") == "Compute")
    #expect(Self.imported("@testable import Compute") == "Compute")
    #expect(Self.imported("public import struct Foundation.Data") == "Foundation")
    #expect(Self.imported("  let import = 3") == nil)
    #expect(Self.imported("/// We import nothing") == nil)
  }

  /// C sources include files of their own place, of places in the table, and of the system.
  @Test(arguments: table) func cIncludesWhatTheTableSays(_ place: Place) {
    let own = [place.folder] + place.imports.filter { $0.contains("/") }
    for file in Self.files(place.folder, "c", "h", "inc", "cl", "clh") {
      for line in Self.text(file).split(separator: "\n") where line.hasPrefix("#include") {
        let name = line.split(whereSeparator: { "\"<>".contains($0) }).dropFirst().first ?? ""
        if line.contains("\"") {
          let beside = URL(fileURLWithPath: "/" + file).deletingLastPathComponent()
            .appendingPathComponent(String(name)).standardized.path.dropFirst()
          let found =
            [String(beside)] + own.flatMap { ["\($0)/\(name)", "\($0)/include/\(name)"] }
          #expect(
            found.contains { path in
              own.contains { path.hasPrefix($0 + "/") }
                && FileManager.default.fileExists(
                  atPath: Self.root.appendingPathComponent(path).path)
            }, "\(file) includes \(name)")
        } else {
          let elsewhere = Self.table.filter { $0.folder != place.folder }.filter { other in
            Self.files(other.folder, "h").contains { $0.hasSuffix("/\(name)") }
          }
          #expect(elsewhere.isEmpty, "\(file) includes \(name) of \(elsewhere.map(\.folder))")
        }
      }
    }
  }

  /// Package.swift gives each target exactly the dependencies in the table.
  @Test func thePackageSaysTheSame() throws {
    let targets = try Self.targets()
    for place in Self.table {
      let found = try #require(targets[place.folder], "no target lies in \(place.folder)")
      #expect(found == place.imports.filter { !$0.contains("/") }, "\(place.folder)")
    }
    let others = targets.keys.filter { folder in
      !folder.hasPrefix("Tests/") && !Self.table.contains { $0.folder == folder }
    }
    #expect(others.isEmpty, "not in the table: \(others)")
  }

  /// The dependencies of each target, by its folder.
  private static func targets() throws -> [String: Set<String>] {
    let manifest = text("Package.swift")
    let block = try Regex(#"\.(target|executableTarget|systemLibrary)\(\s*name: "([^"]+)""#)
    var result: [String: Set<String>] = [:]
    for match in manifest.matches(of: block) {
      let name = String(try #require(match.output[2].substring))
      let body = balanced(manifest[match.range.lowerBound...], "(", ")")
      let path = try body.firstMatch(of: Regex(#"path: "([^"]+)""#))?.output[1].substring
      var dependencies: Set<String> = []
      if let at = body.range(of: "dependencies: [") {
        let list = balanced(body[body.index(before: at.upperBound)...], "[", "]")
          .replacing(try Regex(#", package: "[^"]+""#), with: "")
        dependencies = Set(quoted(list, by: "\""))
      }
      result[path.map(String.init) ?? "Sources/\(name)"] = dependencies
    }
    return result
  }

  /// From the first opening bracket to the matching closing one.
  private static func balanced(
    _ text: Substring, _ open: Character, _ close: Character
  ) -> String {
    var depth = 0
    var result = ""
    for character in text.drop(while: { $0 != open }) {
      result.append(character)
      if character == open { depth += 1 }
      if character == close { depth -= 1 }
      if depth == 0 { break }
    }
    return result
  }
}
