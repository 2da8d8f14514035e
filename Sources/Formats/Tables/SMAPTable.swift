import Containers
import Foundation
import Microscopy

/// SMAP's `_sml.mat` of either version of MATLAB's format: one array per property under
/// `saveloc/loc`, nm from the corner of the first pixel, frames from 1.
enum SMAPTable {
  /// Version 7.3.
  static func read(_ file: HDF5File, path: String, options: TableOptions) throws -> Localizations {
    var options = options
    if options.pixelSize == nil {
      options.pixelSize = try GlintFileNotes.pixelSize(inMicrometres: pixelSizes(file))
    }
    return try table(
      names: try file.names(in: "saveloc/loc"), Localizations(), path: path, options: options
    ) { name in
      guard let dataset = try file.dataset("saveloc/loc/\(name)"), dataset.isNumeric else {
        return nil
      }
      return try dataset.numbers()
    }
  }

  private static func pixelSizes(_ file: HDF5File) throws -> [Double] {
    let path = "saveloc/info/cam_pixelsize_um"
    guard try file.has(path), let dataset = try file.dataset(path), dataset.isNumeric else {
      return []
    }
    return try dataset.numbers()
  }

  /// Version 5, up to 7.
  static func read(_ file: MATFile, path: String, options: TableOptions) throws -> Localizations {
    let variables = try file.variables(["saveloc"])
    guard let save = variables["saveloc"]?.structure, let loc = save["loc"]?.structure else {
      throw TableError.unknownKind(path: path, found: "a MATLAB 5 file without saveloc.loc")
    }
    var options = options
    let info = save["info"]?.structure ?? [:]
    if options.pixelSize == nil {
      options.pixelSize = GlintFileNotes.pixelSize(
        inMicrometres: info["cam_pixelsize_um"]?.numbers ?? [])
    }
    func size(_ name: String) -> Int? { info[name]?.numbers?.first.flatMap { Int(exactly: $0) } }
    var template = Localizations(
      field: FieldOfView(
        width: size("Width"), height: size("Height"),
        frames: size("numberOfFrames")))
    if let text = save["glint"]?.text { template.provenance = GlintFileNotes.steps(text) }
    return try table(names: loc.keys.sorted(), template, path: path, options: options) {
      loc[$0]?.numbers
    }
  }

  /// Reads the arrays that the dialect knows, or that the caller names, in the dialect's order.
  private static func table(
    names: [String], _ template: Localizations, path: String, options: TableOptions,
    _ values: (String) throws -> [Double]?
  ) throws -> Localizations {
    let dialect = TableDialect.smap
    let keys =
      dialect.frames + dialect.meanings.flatMap(\.keys)
      + (try options.columnMap).map { TableDialect.Column.key($0.column) }
    var columns: [TableDialect.Column] = []
    var arrays: [[Double]] = []
    for key in keys {
      for name in names where TableDialect.Column.key(name) == key {
        guard !columns.contains(where: { $0.name == name }), let array = try values(name) else {
          continue
        }
        // Empty arrays stand for properties that no row has.
        guard arrays.isEmpty || array.count == arrays[0].count else {
          guard !["xnm", "ynm"].contains(key) else {
            throw TableError.damaged(
              path: path,
              reason: "saveloc.loc has \(arrays[0].count) frames and \(array.count) \(name)")
          }
          continue
        }
        columns.append(TableDialect.Column(name: name))
        arrays.append(array)
      }
    }
    return try dialect.table(columns, arrays, template: template, path: path, options: options)
  }
}

extension MATFile.Value {
  /// The only element of an array of structures.
  var structure: [String: MATFile.Value]? {
    if case .structures(_, let elements) = self { elements.first } else { nil }
  }

  var numbers: [Double]? {
    if case .numbers(_, let values) = self { values } else { nil }
  }

  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }
}

/// What Glint notes in files of other programs.
enum GlintFileNotes {
  /// The steps of a JSON list; none if the text is something else.
  static func steps(_ text: String) -> [ProvenanceStep] {
    (try? JSONDecoder().decode([ProvenanceStep].self, from: Data(text.utf8))) ?? []
  }

  static func text(_ steps: [ProvenanceStep]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(steps), as: UTF8.self)
  }

  /// The pixel size in nm; nil if there is none or the pixels are not square.
  static func pixelSize(inMicrometres sizes: [Double]) -> Double? {
    guard let first = sizes.first, first > 0, first.isFinite, sizes.allSatisfy({ $0 == first })
    else { return nil }
    return (first * 1e9).rounded() / 1e6
  }
}
