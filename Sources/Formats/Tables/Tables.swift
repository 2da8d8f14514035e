import Containers
import Foundation
import Microscopy

/// What a reader must be told where a file does not say it.
public struct TableOptions: Sendable {
  /// Camera pixel in the sample plane, nm; wins over the file's own statement.
  public var pixelSize: Double?
  /// Photons per camera count, for columns in ADU; without it such columns keep their own name.
  public var photonsPerCount: Double?
  /// The number of the first frame in delimited text, where a file departs from its kind's rule.
  public var firstFrame: Int?

  public init(
    pixelSize: Double? = nil, photonsPerCount: Double? = nil, firstFrame: Int? = nil
  ) {
    self.pixelSize = pixelSize
    self.photonsPerCount = photonsPerCount
    self.firstFrame = firstFrame
  }
}

/// A stream of rows into a table file. Calls may come from any thread, one at a time.
public protocol TableWriter: AnyObject, Sendable {
  /// Adds the rows of `batch`, which has every column that the writer was opened with.
  func append(_ batch: Localizations) throws
  /// Chooses another name for the finished file, in the same folder: for rows that are not all.
  func rename(to path: String) throws
  /// Completes the file and gives it its name. `provenance` is what made it, oldest step first.
  func finish(_ provenance: [ProvenanceStep]) throws
  /// Removes what was written.
  func abandon()
}

/// Localization tables: file to `Localizations` and back.
///
/// ```swift
/// let truth = try Tables.read("truth.csv", options: TableOptions(pixelSize: 100))
/// try Tables.write(truth, to: "truth.hdf5")
/// ```
public enum Tables {
  public static let writableKinds = ["ThunderSTORM .csv", "Picasso .hdf5 or .h5 (with .yaml)"]
  public static let readableKinds = [
    "ThunderSTORM csv", "Picasso hdf5", "SMLM challenge csv (or a folder of them)", "NAIRR csv",
    "Insight3 bin", "storm-analysis hdf5 and olist.txt", "rapidSTORM txt", "DECODE hdf5 and csv",
    "SMAP mat (v7.3)",
  ]

  /// Opens the writer that the extension of `path` names.
  ///
  /// Throws `TableError` for another extension, `OutputError` where the file cannot be made. A CSV
  /// needs `field.pixelSize`.
  public static func writer(
    path: String, field: FieldOfView, quantities: [Quantity], overwrite: Bool = false
  ) throws -> any TableWriter {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "csv":
      return try ThunderstormWriter(
        path: path, field: field, quantities: quantities, overwrite: overwrite)
    case "hdf5", "h5":
      return try PicassoWriter(
        path: path, field: field, quantities: quantities, overwrite: overwrite)
    default: throw TableError.unknownExtension(path: path)
    }
  }

  /// The files that a table written as `path` consists of, itself first.
  ///
  /// Throws `TableError` for an extension that names no table.
  package static func files(of path: String) throws(TableError) -> [String] {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "csv": [path, ThunderstormProtocol.path(besideTable: path)]
    case "hdf5", "h5": [path, PicassoWriter.notesPath(beside: path)]
    default: throw .unknownExtension(path: path)
    }
  }

  /// Writes a whole table with its provenance.
  public static func write(_ table: Localizations, to path: String, overwrite: Bool = false) throws
  {
    let writer = try writer(
      path: path, field: table.field, quantities: table.quantities, overwrite: overwrite)
    do {
      try writer.append(table)
      try writer.finish(table.provenance)
    } catch {
      writer.abandon()
      throw error
    }
  }

  /// Reads a table of any supported kind, told by its content, into the internal convention.
  public static func read(_ path: String, options: TableOptions = TableOptions()) throws
    -> Localizations
  {
    var table: Localizations?
    try forEachBatch(in: path, options: options) { batch in
      if table == nil { table = batch } else { table!.append(contentsOf: batch) }
    }
    return table ?? Localizations()
  }

  /// Reads a table in batches of the same columns, for files larger than memory. An empty table
  /// gives one empty batch, so that its columns and field are known.
  public static func forEachBatch(
    in path: String, options: TableOptions = TableOptions(),
    _ body: (Localizations) throws -> Void
  ) throws {
    switch try TableKind(path: path) {
    case .hdf5:
      try TableError.reading(path) { try readHDF5(path, options: options, body) }
    case .insight3: try body(Insight3.readBinary(path, options: options))
    case .rapidStorm: try RapidStorm.read(path, options: options, body)
    case .folder: try body(ChallengeFolder.read(path, options: options))
    case .delimited: try DelimitedTable.read(path, options: options, body)
    }
  }

  /// An HDF5 file is told by the objects in it.
  private static func readHDF5(
    _ path: String, options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    let file = try HDF5File(path: path)
    if try file.has("locs") {
      try PicassoReader.read(file, path: path, options: options, body)
    } else if try file.has("data/xyz") {
      try body(DecodeTable.read(file, path: path, options: options))
    } else if try file.has("saveloc/loc") {
      try body(SMAPTable.read(file, path: path, options: options))
    } else if try file.hasAttribute("movie_l") {
      try body(StormAnalysisTable.read(file, path: path, options: options))
    } else {
      let names = try file.names()
      throw TableError.unknownKind(
        path: path,
        found: "an HDF5 file with "
          + (names.isEmpty ? "nothing in it" : names.joined(separator: ", "))
      )
    }
  }
}
