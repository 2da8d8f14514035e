import ArgumentParser
import Formats
import Foundation
import Microscopy

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Describe a movie, a table, a PSF, a camera, weights or a recipe.",
    discussion: """
      EXAMPLE:
        glint info movie.ome.tif
      """)

  @Argument(help: "Any file that Glint reads or writes, or a folder of TIFFs.")
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
      fields = try InfoKinds.describe(file, reading: reading, notMovie: error)
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
}
