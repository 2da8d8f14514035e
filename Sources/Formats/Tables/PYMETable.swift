import Containers
import Microscopy

/// PYME's HDF5: records of localizations, or of the fits that they came from.
enum PYMETable {
  private static let batch = 65_536

  static func records(_ file: HDF5File) throws -> HDF5Records? {
    for name in ["Localizations", "FitResults"] where try file.has(name) {
      return try file.dataset(name)?.records()
    }
    return nil
  }

  static func read(
    _ file: HDF5File, _ records: HDF5Records, path: String, options: TableOptions,
    _ body: (Localizations) throws -> Void
  ) throws {
    var options = options
    if options.pixelSize == nil, try file.has("MetaData") {
      // µm
      options.pixelSize = try file.number("voxelsize.x", of: "MetaData").flatMap {
        GlintFileNotes.pixelSize(inMicrometres: [$0])
      }
    }
    let columns = records.names.map { TableDialect.Column(name: $0) }
    var first = 0
    repeat {
      let range = first..<min(records.count, first + batch)
      try body(
        TableDialect.pyme.table(
          columns, records.columns(range), template: Localizations(), path: path, options: options))
      first = range.upperBound
    } while first < records.count
  }
}
