import ArgumentParser
import Formats
import Foundation
import Microscopy

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Describe a movie or a table.",
    discussion: """
      EXAMPLE:
        glint info movie.ome.tif
      """)

  @Argument(help: "Movie, folder of TIFFs, or localization table.")
  var file: String

  @OptionGroup var reading: TableReading

  @OptionGroup(title: "Raw files") var raw: MovieOptionsGroup

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let fields: [(String, String)]
    var cutOff: MovieError?
    do {
      let info = try raw.open(file, acceptsTruncated: true).info
      cutOff = info.cutOff
      fields = Self.describe(info)
    } catch {
      // A table in nm without a pixel size is shown in nm, by reading it with a pixel of 1 nm.
      if let table = try? Tables.read(file, options: reading.options()) {
        fields = Self.describe(table)
      } else if let table = try? Tables.read(file, options: TableOptions(pixelSize: 1)) {
        fields = Self.describe(table, lateral: Unit.nanometre.rawValue)
      } else {
        throw error
      }
    }
    if json {
      let object = Dictionary(
        fields.map { ($0.replacingOccurrences(of: " ", with: "_"), Field($1)) },
        uniquingKeysWith: { $1 })
      print(String(decoding: try JSONEncoder.indented.encode(object), as: UTF8.self))
    } else {
      let width = fields.map(\.0.count).max() ?? 0
      for (name, value) in fields {
        print(name.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + value)
      }
    }
    if let cutOff { throw cutOff }
  }

  /// A JSON value: a number if the text is one.
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
    if let error = info.cutOff { fields.append(("truncated", error.what)) }
    if info.files.count > 1 { fields.append(("files", "\(info.files.count)")) }
    fields += info.notes.enumerated().map { ("note \($0 + 1)", $1) }
    fields += info.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return fields
  }

  private static func describe(
    _ table: Localizations, lateral: String = Unit.pixel.rawValue
  ) -> [(String, String)] {
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
        let unit = quantity == .z ? Unit.nanometre.rawValue : lateral
        fields.append((quantity.name, String(format: "%.3f…%.3f ", low, high) + unit))
      }
    }
    return fields
  }
}
