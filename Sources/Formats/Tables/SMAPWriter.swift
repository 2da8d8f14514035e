import Containers
import Foundation
import Microscopy

/// Writes SMAP's `_sml.mat` as MATLAB 5: positions in nm from the corner of the first pixel, frames
/// from 1.
///
/// The format stores one array after the other, so all rows are kept until the end.
///
/// `@unchecked Sendable`: calls come one at a time, as for every `TableWriter`.
final class SMAPWriter: TableWriter, @unchecked Sendable {
  private let path: String
  private let field: FieldOfView
  private let pixelSize: Double
  private let quantities: [Quantity]
  private let file: StagedFile
  private var rows: Localizations?

  /// SMAP finds localizations by the end of the name.
  static let suffix = "_sml.mat"

  init(path: String, field: FieldOfView, quantities: [Quantity], overwrite: Bool) throws {
    guard path.lowercased().hasSuffix(Self.suffix) else {
      throw TableError.unsupported(
        path: path, what: "SMAP reads localizations only from names that end in \(Self.suffix)",
        hint: "name it \(URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent)"
          + Self.suffix)
    }
    guard let pixelSize = field.pixelSize else { throw TableError.pixelSizeUnknown(path: path) }
    try TableError.require([.x, .y], among: quantities, path: path)
    (self.path, self.field, self.pixelSize) = (path, field, pixelSize)
    self.quantities = quantities
    file = try StagedFile(path: path, overwrite: overwrite)
  }

  func append(_ batch: Localizations) throws {
    try TableError.require(quantities, of: batch, path: path)
    if rows == nil { rows = batch } else { rows?.append(contentsOf: batch) }
  }

  func rename(to path: String) throws { try file.rename(to: path) }

  func abandon() {
    rows = nil
    file.discard()
  }

  func finish(_ provenance: [ProvenanceStep]) throws {
    let table = rows ?? Localizations(field: field)
    rows = nil
    var info: [(name: String, value: MATWriter.Value)] = [
      ("cam_pixelsize_um", .numbers(shape: [1, 2], [pixelSize / 1000, pixelSize / 1000]))
    ]
    for (name, size) in [
      ("Width", field.width), ("Height", field.height), ("numberOfFrames", field.frames),
    ] {
      if let size { info.append((name, .numbers(shape: [1, 1], [Double(size)]))) }
    }
    if let width = field.width, let height = field.height {
      info.append(("roi", .numbers(shape: [1, 4], [0, 0, Double(width), Double(height)])))
    }
    let save = MATWriter.Value.structure([
      ("loc", .structure(columns(of: table))), ("info", .structure(info)),
      ("glint", .text(try GlintFileNotes.text(provenance))),
    ])
    guard MATWriter.size(of: save, name: "saveloc") != nil else {
      throw TableError.unrepresentable(
        path: path, reason: "a MATLAB 5 file holds up to 2 GB; write .hdf5 or .smlm instead")
    }
    var sink = FileSink(file)
    func write(_ bytes: [UInt8]) throws {
      try bytes.withUnsafeBytes { try sink.write($0) }
    }
    try write(MATWriter.head("Glint \(glintVersion)"))
    try MATWriter.write(save, name: "saveloc", to: write)
    try MATWriter.write(
      .structure([("name", .text("sml"))]), name: "fileformat", to: write)
    try sink.flush()
    try file.commit()
  }

  private func columns(of table: Localizations) -> [(name: String, value: MATWriter.Value)] {
    func column(_ values: [Double]) -> MATWriter.Value {
      .numbers(shape: [values.count, 1], values)
    }
    var columns = [("frame", column(table.frame.map { Double($0) + 1 }))]
    for quantity in quantities {
      guard let values = table[quantity] else { continue }
      let isNanometre = quantity.unit == .pixel && Quantity.known[quantity.name] == quantity
      let shift = quantity == .x || quantity == .y ? 0.5 : 0
      columns.append(
        (
          Self.name(of: quantity),
          column(isNanometre ? values.map { ($0 + shift) * pixelSize } : values)
        ))
    }
    if let x = table[.xError], let y = table[.yError] {
      let both = zip(x, y).map { (($0 * $0 + $1 * $1) / 2).squareRoot() * pixelSize }
      columns.append(("locprecnm", column(both)))
    }
    // The channel by which SMAP selects; 0 stands for all.
    columns.append(("channel", column(Array(repeating: 0, count: table.count))))
    var names: Set<String> = []
    return columns.filter { names.insert($0.0).inserted }.map { (name: $0.0, value: $0.1) }
  }

  private static let names: [Quantity: String] = [
    .x: "xnm", .y: "ynm", .z: "znm", .photons: "phot", .background: "bg", .sigmaX: "PSFxnm",
    .sigmaY: "PSFynm", .xError: "xnmerr", .yError: "ynmerr", .zError: "locprecznm",
    .iterations: "iterations", .detections: "numberInGroup",
  ]

  /// The name of a column: SMAP's, or Glint's as far as MATLAB accepts it.
  private static func name(of quantity: Quantity) -> String {
    if let name = names[quantity] { return name }
    let letters = quantity.name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    let name = String(letters.prefix(MATWriter.longestName - 1))
    return name.first?.isLetter == true ? name : "c\(name)"
  }
}
