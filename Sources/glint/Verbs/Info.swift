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

  @Argument(help: "Movie, folder of TIFFs, localization table, or another file.")
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
      // A table in nm without a pixel size is shown in nm, by reading it with a pixel of 1 nm.
      if let table = try? Tables.read(file, options: reading.options()) {
        fields = Self.describe(table)
      } else if let table = try? Tables.read(file, options: TableOptions(pixelSize: 1)) {
        fields = Self.describe(table, lateral: Unit.nanometre.rawValue)
      } else if let other = Self.describe(otherFile: file) {
        fields = other
      } else {
        throw Self.explanation(of: error, file)
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
    }
    fields.append(("delivered as", info.pixel.rawValue))
    if let size = info.pixelSize { fields.append(("pixel size", "\(size) nm")) }
    if let error = info.cutOff { fields.append(("truncated", error.what)) }
    if info.files.count > 1 { fields.append(("files", "\(info.files.count)")) }
    fields += info.notes.enumerated().map { ("note \($0 + 1)", $1) }
    fields += info.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return fields
  }

  /// A PSF calibration, a camera file, network weights or a recipe; nil for other files.
  private static func describe(otherFile file: String) -> [(String, String)]? {
    func lines(_ kind: String, _ more: [(String, String?)]) -> [(String, String)] {
      [("kind", kind)] + more.compactMap { name, value in value.map { (name, $0) } }
    }
    if let psf = try? CalibrationFiles.read(file) {
      var more: [(String, String?)] = [("pixel size", psf.pixelSize.map { "\($0) nm" })]
      switch psf {
      case .astigmatic: more.insert(("model", "astigmatic Gaussian"), at: 0)
      case .spline(let spline):
        more.insert(("model", "spline"), at: 0)
        more += [
          ("box", "\(spline.columns) x \(spline.rows)"), ("planes", "\(spline.planes)"),
          ("z step", "\(spline.zStep) nm"),
        ]
      }
      return lines("PSF calibration", more)
    }
    if let (camera, maps) = try? CameraFiles.read(file) {
      if let maps { return lines("camera maps", [("size", "\(maps.width) x \(maps.height)")]) }
      return lines(
        "camera",
        camera.entries.map { ($0.facts.title, "\($0.value.words) \($0.facts.unit)") })
    }
    if let recipe = try? RecipeFile(path: file).recipe {
      return lines("recipe", recipe.entries.map { ($0.facts.path, $0.value.words) })
    }
    // Weights are read as a whole.
    let size = (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? .max
    guard size < 1 << 31, let weights = try? WeightFile.read(file) else { return nil }
    return lines(
      "network weights", [("tensors", "\(weights.tensors.count)"), ("numbers", "\(weights.count)")])
  }

  /// For text, the error of reading it as a table says more than that it is no movie.
  private static func explanation(of error: any Error, _ file: String) -> any Error {
    guard (error as? MovieError)?.kind == .unknown,
      let head = FileHandle(forReadingAtPath: file)?.readData(ofLength: 512), !head.contains(0)
    else { return error }
    do {
      try Tables.forEachBatch(in: file) { _ in }
      return error
    } catch let other { return other }
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
