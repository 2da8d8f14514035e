import ArgumentParser
import Formats
import Foundation
import Microscopy

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a movie or a table is.",
    discussion: """
      EXAMPLE:
        glint info movie.ome.tif
      """)

  @Argument(help: "A movie, a folder of TIFFs, or a localization table.")
  var file: String

  @OptionGroup(title: "Raw files") var raw: MovieOptionsGroup

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let fields: [(String, String)]
    do {
      fields = Self.describe(try raw.open(file).info)
    } catch {
      guard let table = try? Tables.read(file, options: TableOptions(pixelSize: 100)) else {
        throw error
      }
      fields = Self.describe(table)
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let object = Dictionary(
        fields.map { ($0.replacingOccurrences(of: " ", with: "_"), Field($1)) },
        uniquingKeysWith: { $1 })
      print(String(decoding: try encoder.encode(object), as: UTF8.self))
    } else {
      let width = fields.map(\.0.count).max() ?? 0
      for (name, value) in fields {
        print(name.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + value)
      }
    }
  }

  /// A value in JSON: a number where it is one.
  private enum Field: Encodable {
    case number(Int)
    case text(String)

    init(_ text: String) { self = Int(text).map(Field.number) ?? .text(text) }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let value): try container.encode(value)
      case .text(let value): try container.encode(value)
      }
    }
  }

  private static func describe(_ info: MovieInfo) -> [(String, String)] {
    var fields = [
      ("kind", "movie"), ("format", info.format), ("storage", info.storage),
      ("width", "\(info.width)"), ("height", "\(info.height)"), ("frames", "\(info.frames)"),
      ("delivered as", info.pixel.rawValue),
    ]
    if let size = info.pixelSize { fields.append(("pixel size", "\(size) nm")) }
    if info.files.count > 1 { fields.append(("files", "\(info.files.count)")) }
    fields += info.notes.enumerated().map { ("note \($0 + 1)", $1) }
    fields += info.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return fields
  }

  private static func describe(_ table: Localizations) -> [(String, String)] {
    var fields = [
      ("kind", "localization table"), ("rows", "\(table.count)"),
      (
        "columns",
        table.quantities.map { "\($0.name) [\($0.unit.rawValue)]" }.joined(separator: ", ")
      ),
    ]
    if let first = table.frame.min(), let last = table.frame.max() {
      fields.append(("frames", "\(first)…\(last), counted from 0"))
    }
    for quantity in [Quantity.x, .y, .z] {
      if let values = table[quantity], let low = values.min(), let high = values.max() {
        fields.append(
          (quantity.name, String(format: "%.3f…%.3f ", low, high) + quantity.unit.rawValue))
      }
    }
    return fields
  }
}
