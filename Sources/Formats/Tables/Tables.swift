import Containers
import Foundation
import Microscopy

/// Information for a reader that the file does not contain.
public struct TableOptions: Sendable {
  /// Pixel size in the sample plane, nm; overrides the file's value.
  public var pixelSize: Double?
  /// Photons per camera count, for columns in ADU; without it such columns keep their own name.
  public var photonsPerCount: Double?
  /// The number of the first frame in delimited text, if it differs from the format's default.
  public var firstFrame: Int?

  public init(
    pixelSize: Double? = nil, photonsPerCount: Double? = nil, firstFrame: Int? = nil
  ) {
    self.pixelSize = pixelSize
    self.photonsPerCount = photonsPerCount
    self.firstFrame = firstFrame
  }
}

/// Writes rows into a table file. Calls may come from any thread, one at a time.
public protocol TableWriter: AnyObject, Sendable {
  /// Appends the rows of `batch`, which must have every column that the writer was opened with.
  func append(_ batch: Localizations) throws
  /// Chooses another name for the finished file, in the same folder, for an incomplete table.
  func rename(to path: String) throws
  /// Completes and commits the file. `provenance` lists the steps that made it, oldest first.
  func finish(_ provenance: [ProvenanceStep]) throws
  /// Removes what was written.
  func abandon()
}

/// Reads and writes localization tables.
///
/// ```swift
/// let truth = try Tables.read("truth.csv", options: TableOptions(pixelSize: 100))
/// try Tables.write(truth, to: "truth.hdf5")
/// ```
public enum Tables {
  package static let writableKinds = ["ThunderSTORM .csv", "Picasso .hdf5 or .h5 (with .yaml)"]
  package static let readableKinds = [
    "ThunderSTORM csv", "Picasso hdf5", "SMLM challenge csv (or a folder of them)", "NAIRR csv",
    "Insight3 bin", "storm-analysis hdf5 and olist.txt", "rapidSTORM txt", "DECODE hdf5 and csv",
    "SMAP mat (v7.3)",
  ]

  /// Opens the writer for the extension of `path`.
  ///
  /// Throws `TableError` for another extension and `OutputError` if the file cannot be created. A
  /// CSV requires `field.pixelSize`.
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

  /// All files of a table written to `path`, `path` itself first.
  ///
  /// Throws `TableError` for an unsupported extension.
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

  /// Reads a table of any supported format, detected from its content, into Glint's convention.
  public static func read(_ path: String, options: TableOptions = TableOptions()) throws
    -> Localizations
  {
    var table: Localizations?
    try forEachBatch(in: path, options: options) { batch in
      if table == nil { table = batch } else { table!.append(contentsOf: batch) }
    }
    return table ?? Localizations()
  }

  /// Whether the file begins as a table whose columns are known.
  static func isTable(_ path: String) -> Bool {
    struct Seen: Error {}
    do {
      // Whatever the unit of length is.
      try forEachBatch(in: path, options: TableOptions(pixelSize: 100)) { _ in throw Seen() }
      return false
    } catch { return error is Seen }
  }

  /// Reads a table in batches with the same columns, for files larger than memory. An empty table
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

  /// The format of an HDF5 file is detected from the objects in it.
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
