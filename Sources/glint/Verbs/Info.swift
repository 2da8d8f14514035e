import ArgumentParser
import Formats
import Foundation
import Microscopy
import Networks
import Reporting
import Workflow

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Describe a movie, a table, or any other file that Glint reads.",
    discussion: """
      Shows all axes of a movie (frames, slices, channels, positions, series), or the planes that \
      the options choose. Tables, PSF calibrations, camera files, network weights and recipes are \
      described too.

      EXAMPLE:
        glint info movie.ome.tif
      """)

  @Argument(help: "Any file that Glint reads or writes, or a folder of TIFFs.")
  var file: String

  @OptionGroup var reading: TableReading

  @OptionGroup(title: "Movie") var raw: MovieOptionsGroup

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let fields: [(String, String)]
    var cutOff: MovieError?
    do {
      let options = raw.options(acceptsTruncated: true)
      let info =
        try raw.planes.isEmpty
        ? Movies.openAll(file, options: options).info : Movies.open(file, options: options).info
      cutOff = info.cutOff
      fields = Self.describe(info, isChosen: !raw.planes.isEmpty)
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

  /// - Parameter isChosen: whether the planes are chosen, so that all that are left are frames.
  private static func describe(_ info: MovieInfo, isChosen: Bool) -> [(String, String)] {
    var fields = [
      ("kind", "movie"), ("format", info.format), ("storage", info.storage),
      ("width", "\(info.width)"), ("height", "\(info.height)"),
    ]
    let axes = isChosen ? [] : info.axes.filter { $0.count > 1 }
    if axes.isEmpty {
      fields.append(("frames", "\(info.frames)"))
    } else {
      fields.append(("planes", "\(info.frames)"))
      if !axes.contains(where: { $0.axis == .time }) { fields.append(("frames", "1")) }
    }
    for extent in axes {
      let name = extent.axis == .time ? "frame" : extent.axis.rawValue
      fields.append((extent.axis == .series ? name : name + "s", "\(extent.count)"))
      if !extent.names.isEmpty {
        fields.append((name + " names", extent.names.joined(separator: ", ")))
      }
      fields += extent.kinds.enumerated().map { index, kind in
        ("\(name) \(index + 1)", kind + (index == extent.taken ? " (described here)" : ""))
      }
    }
    fields.append(("delivered as", info.pixel.rawValue))
    if let size = info.pixelSize { fields.append(("pixel size", "\(size) nm")) }
    if let error = info.cutOff { fields.append(("truncated", error.what)) }
    if info.files.count > 1 { fields.append(("files", "\(info.files.count)")) }
    fields += info.notes.enumerated().map { ("note \($0 + 1)", $1) }
    fields += info.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return fields
  }
}
