import Containers
import Foundation
import Microscopy
import Reporting

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
  package static let writableKinds = [
    "ThunderSTORM .csv", "Picasso .hdf5 or .h5 (with .yaml)", "smlm .smlm", "SMAP _sml.mat",
  ]
  public static let readableKinds = [
    "ThunderSTORM csv", "Picasso hdf5 and csv", "SMLM challenge csv (or a folder of them)",
    "NAIRR csv", "ZOLA csv", "N-STORM txt", "ONI Nanoimager csv", "Zeiss Elyra txt", "Vutara csv",
    "Insight3 bin", "storm-analysis hdf5, csv and olist.txt", "rapidSTORM txt",
    "DECODE hdf5 and csv",
    "SMAP mat and csv", "DoM txt", "smlm", "MINFLUX npy, mat, json and csv", "PYME hdf5 and csv",
    "TSF", "other text whose columns are named",
  ]

  /// Which columns are written.
  public enum Columns: String, SettingChoice, Sendable {
    /// Those that the program of the format knows.
    case standard
    /// Also Glint's own.
    case all
  }

  public static let columns = Setting(
    .columns, standard: Columns.all,
    "columns of the output: those that the format's own program knows, or all")

  /// Opens the writer for the extension of `path`.
  ///
  /// Throws `TableError` for another extension and `OutputError` if the file cannot be created. All
  /// but Picasso's format require `field.pixelSize`.
  public static func writer(
    path: String, field: FieldOfView, quantities: [Quantity], columns: Columns = .all,
    overwrite: Bool = false
  ) throws -> any TableWriter {
    let hasOwn = columns == .all
    let quantities = hasOwn ? quantities : quantities.filter { standardColumns.contains($0) }
    switch try kind(of: path) {
    case .thunderstorm:
      return try ThunderstormWriter(
        path: path, field: field, quantities: quantities, hasOwn: hasOwn, overwrite: overwrite)
    case .picasso:
      return try PicassoWriter(
        path: path, field: field, quantities: quantities, overwrite: overwrite)
    case .smlm:
      return try SmlmWriter(
        path: path, field: field, quantities: quantities, overwrite: overwrite)
    case .smap:
      return try SMAPWriter(
        path: path, field: field, quantities: quantities, overwrite: overwrite)
    }
  }

  /// Columns that other programs know.
  private static let standardColumns: Set<Quantity> = [
    .x, .y, .z, .photons, .background, .backgroundDeviation, .chiSquare, .sigmaX, .sigmaY, .xError,
    .yError, .zError, .detections, .id,
  ]

  private enum WritableKind { case thunderstorm, picasso, smlm, smap }

  private static func kind(of path: String) throws(TableError) -> WritableKind {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "csv": .thunderstorm
    case "hdf5", "h5": .picasso
    case "smlm": .smlm
    case "mat": .smap
    default: throw .unknownExtension(path: path)
    }
  }

  /// All files of a table written to `path`, `path` itself first.
  ///
  /// Throws `TableError` for an unsupported extension.
  package static func files(of path: String) throws(TableError) -> [String] {
    switch try kind(of: path) {
    case .thunderstorm: [path, ThunderstormProtocol.path(besideTable: path)]
    case .picasso: [path, PicassoWriter.notesPath(beside: path)]
    case .smlm, .smap: [path]
    }
  }

  /// Writes a whole table with its provenance.
  public static func write(
    _ table: Localizations, to path: String, columns: Columns = .all, overwrite: Bool = false
  ) throws {
    let writer = try writer(
      path: path, field: table.field, quantities: table.quantities, columns: columns,
      overwrite: overwrite)
    do {
      try writer.append(table)
      try writer.finish(table.provenance)
    } catch {
      writer.abandon()
      throw error
    }
  }

  /// Reads a table of any supported format, detected from its content, into Glint's convention.
  ///
  /// - Parameters:
  ///   - path: the file, or a folder of tables as in the SMLM challenge.
  ///   - options: what the file does not state.
  ///   - observer: is told how many rows without a position were left out.
  public static func read(
    _ path: String, options: TableOptions = TableOptions(), observer: (any Observer)? = nil
  ) throws -> Localizations {
    var table: Localizations?
    try forEachBatch(in: path, options: options, observer: observer) { batch in
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
  /// gives one empty batch, so that its columns and field are known. Rows that lie nowhere
  /// (`RowPlaces`) are left out.
  ///
  /// Throws `TableError`, also when the file changed while it was read.
  ///
  /// - Parameters:
  ///   - path: the file, or a folder of tables as in the SMLM challenge.
  ///   - options: what the file does not state.
  ///   - observer: is told how many rows were left out.
  ///   - body: is given each batch.
  public static func forEachBatch(
    in path: String, options: TableOptions = TableOptions(), observer: (any Observer)? = nil,
    _ body: (Localizations) throws -> Void
  ) throws {
    var places = RowPlaces()
    try forEachRawBatch(in: path, options: options) { try body(places.real(of: $0)) }
    for note in places.notes(of: path) { observer?.note(note) }
  }

  /// The same with every row of the file.
  static func forEachRawBatch(
    in path: String, options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    if let size = options.pixelSize, !(size > 0 && size.isFinite) {
      throw TableError.unclear(
        path: path, what: "\(size) nm is no pixel size", remedy: "give \(.pixelSize) in nm")
    }
    let stamp = FileStamp(path)
    try TableError.reading(path) {
      switch try TableKind(path: path) {
      case .hdf5: try readHDF5(path, options: options, body)
      case .matlab: try body(readMATLAB(path, options: options))
      case .archive: try body(readArchive(path, options: options))
      case .numpy:
        try body(
          Minflux.read(numpy: InputFile.contents(of: path), path: path, options: options))
      case .json: try body(Minflux.read(json: path, options: options))
      case .insight3: try body(Insight3.readBinary(path, options: options))
      case .rapidStorm: try RapidStorm.read(path, options: options, body)
      case .taggedSpots: try body(TaggedSpots.read(path, options: options))
      // The files of a folder are read one by one, each as here.
      case .folder: return try body(ChallengeFolder.read(path, options: options))
      case .delimited: try DelimitedTable.read(path, options: options, body)
      }
      if let how = stamp?.change(to: FileStamp(path)) { throw FileFault.changed(how) }
    }
  }

  private static func readMATLAB(_ path: String, options: TableOptions) throws -> Localizations {
    let file = try MATFile(InputFile.contents(of: path))
    if let table = try Minflux.read(matlab: file, path: path, options: options) { return table }
    return try SMAPTable.read(file, path: path, options: options)
  }

  /// An smlm archive, or one zipped array of MINFLUX.
  private static func readArchive(_ path: String, options: TableOptions) throws -> Localizations {
    let archive = try ZipArchive(InputFile.contents(of: path))
    if archive[SmlmArchive.manifestName] != nil {
      return try SmlmArchive.read(archive, path: path, options: options)
    }
    let arrays = archive.members.filter { $0.name.hasSuffix(".npy") }
    guard arrays.count == 1 else {
      let names = archive.members.map(\.name).prefix(8).joined(separator: ", ")
      throw TableError.unknownKind(path: path, found: "a ZIP archive with \(names)")
    }
    return try Minflux.read(numpy: archive.read(arrays[0]), path: path, options: options)
  }

  /// The format of an HDF5 file is detected from the objects in it.
  private static func readHDF5(
    _ path: String, options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    let file = try HDF5File(path: path)
    if try file.hasAttribute("ImarisDataSet") {
      throw TableError.unknownKind(path: path, found: "an Imaris image")
    } else if try file.has("locs") {
      try PicassoReader.read(file, path: path, options: options, body)
    } else if try file.has("data/xyz") {
      try body(DecodeTable.read(file, path: path, options: options))
    } else if try file.has("saveloc/loc") {
      try body(SMAPTable.read(file, path: path, options: options))
    } else if try file.hasAttribute("movie_l") {
      try body(StormAnalysisTable.read(file, path: path, options: options))
    } else if let records = try PYMETable.records(file) {
      try PYMETable.read(file, records, path: path, options: options, body)
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
