import Foundation
import Microscopy

/// How a column of a delimited table is used.
enum TextColumn: Equatable {
  case skipped
  case frame
  case quantity(Quantity, Conversion)
  /// One error for both lateral axes.
  case lateralError(Conversion)
}

/// The conventions of a delimited table: names, units, origin, first frame.
struct TextDialect {
  /// A column name in lower case, with the unit to use if the header gives none.
  struct Name {
    var target: Quantity
    var unit: String?
  }

  var names: [String: Name]
  var frameNames: Set<String> = ["frame"]
  /// Coordinate, in pixels, of the first pixel's centre.
  var origin = 0.5
  var firstFrame = 1
  var field = FieldOfView()
  var provenance: [ProvenanceStep] = []
  var options: TableOptions

  /// Chooses the dialect from the header and the comment lines above it.
  init(
    _ header: DelimitedHeader, comments: [String], path: String, options: TableOptions
  ) throws {
    self.options = options
    let present = Set(header.columns.map { $0.name.lowercased() })
    if present.isSuperset(of: ["xnano", "ynano"]) {
      names = Self.challengeNames
    } else if present.isSuperset(of: ["x", "y", "frame_ix"]) {
      names = Self.decodeNames
      frameNames = ["frame_ix"]
      origin = 0
      firstFrame = 0
      let meta = DecodeMeta(comments: comments)
      self.options.pixelSize = try options.pixelSize ?? meta.pixelSize(path: path)
      for axis in ["x", "y"] {
        for suffix in ["", "_sig"] { names[axis + suffix]?.unit = meta.unit }
      }
    } else {
      names = Self.thunderstormNames
      if let known = try ThunderstormProtocol(besideTable: path) {
        field = known.field
        provenance = known.provenance
        self.options.pixelSize = options.pixelSize ?? field.pixelSize
      }
    }
    field.pixelSize = self.options.pixelSize ?? field.pixelSize
    firstFrame = options.firstFrame ?? firstFrame
  }

  /// The use of each column. Throws if x, y or the frame is missing or has no known unit.
  func columns(_ header: DelimitedHeader, path: String, line: Int) throws -> [TextColumn] {
    var taken: Set<Quantity> = []
    let columns = try header.columns.map { column -> TextColumn in
      let name = column.name.lowercased()
      if frameNames.contains(name) { return .frame }
      let known = names[name] ?? Quantity.known[column.name].map { Name(target: $0, unit: nil) }
      let unit = column.unit.isEmpty ? known?.unit ?? "" : column.unit
      if let known {
        let conversion = try FileUnit.conversion(
          from: unit, to: known.target, path: path, options: options)
        if var conversion {
          if known.target == .x || known.target == .y { conversion.add = -origin }
          if name == "uncertainty" || name == "uncertainty_xy" { return .lateralError(conversion) }
          if taken.insert(known.target).inserted { return .quantity(known.target, conversion) }
        } else if known.target == .x || known.target == .y {
          throw TableError.badRow(
            path: path, line: line,
            reason: "column \(column.name) has "
              + (unit.isEmpty ? "no unit" : "the unit \"\(unit)\", which is not known"))
        }
      }
      let foreign = FileUnit.foreign(column.name, unit: unit)
      guard taken.insert(foreign).inserted else {
        throw TableError.badRow(
          path: path, line: line, reason: "two columns are named \(column.name)")
      }
      return .quantity(foreign, Conversion())
    }
    var missing = [Quantity.x, .y].filter { !taken.contains($0) }.map(\.name)
    let frames = columns.count { $0 == .frame }
    if frames == 0 { missing.append("frame") }
    guard missing.isEmpty else {
      throw TableError.missingColumns(
        path: path, missing: missing, found: header.columns.map(\.name))
    }
    guard frames == 1 else {
      throw TableError.badRow(path: path, line: line, reason: "two columns are named frame")
    }
    // Errors per axis are preferred to the combined one.
    return taken.contains(.xError) && taken.contains(.yError)
      ? columns.map { if case .lateralError = $0 { .skipped } else { $0 } } : columns
  }

  /// ThunderSTORM's names, and the names for the same quantities in the NAIRR data sets.
  private static let thunderstormNames: [String: Name] = [
    "x": Name(target: .x), "y": Name(target: .y), "z": Name(target: .z),
    "sigma": Name(target: .sigmaX), "sigma1": Name(target: .sigmaX),
    "sigma2": Name(target: .sigmaY), "intensity": Name(target: .photons),
    "offset": Name(target: .background), "bkgstd": Name(target: .backgroundDeviation),
    "bkgsd": Name(target: .backgroundDeviation), "chi2": Name(target: .chiSquare),
    "uncertainty": Name(target: .xError), "uncertainty_xy": Name(target: .xError),
    "uncertainty_z": Name(target: .zError), "emitter": Name(target: .id),
  ]

  private static let challengeNames: [String: Name] = [
    "ground-truth": Name(target: .id), "xnano": Name(target: .x, unit: "nm"),
    "ynano": Name(target: .y, unit: "nm"), "znano": Name(target: .z, unit: "nm"),
    "intensity": Name(target: .photons, unit: "photon"),
  ]

  private static let decodeNames: [String: Name] = [
    "x": Name(target: .x), "y": Name(target: .y), "z": Name(target: .z, unit: "nm"),
    "x_sig": Name(target: .xError), "y_sig": Name(target: .yError),
    "z_sig": Name(target: .zError, unit: "nm"), "phot": Name(target: .photons, unit: "photon"),
    "phot_sig": Name(target: .photonsError, unit: "photon"),
    "bg": Name(target: .background, unit: "photon"),
    "bg_sig": Name(target: .backgroundError, unit: "photon"),
    "prob": Name(target: .probability, unit: ""),
  ]
}
