import Containers
import Foundation
import Microscopy

/// The `<name>-protocol.txt` beside a ThunderSTORM table: JSON with information that a CSV cannot
/// hold.
///
/// `imageInfo` and `cameraSettings.pixelSize` are where ThunderSTORM puts them, so that each
/// program can read the other's files; the convention and the steps are Glint's.
struct ThunderstormProtocol: Codable {
  struct ImageInfo: Codable {
    var width: Int?
    var height: Int?
    var frames: Int?
  }

  struct CameraSettings: Codable {
    var pixelSize: Double?
  }

  var version: String?
  var convention: String?
  var imageInfo: ImageInfo?
  var cameraSettings: CameraSettings?
  var steps: [ProvenanceStep]?

  var field: FieldOfView {
    let size = cameraSettings?.pixelSize
    return FieldOfView(
      width: imageInfo?.width, height: imageInfo?.height, frames: imageInfo?.frames,
      pixelSize: size.flatMap { $0.isFinite && $0 > 0 ? $0 : nil })
  }

  var provenance: [ProvenanceStep] { steps ?? [] }

  init(field: FieldOfView, provenance: [ProvenanceStep]) {
    version = "Glint \(glintVersion)"
    convention =
      "x to the right and y down in nm; the corner of the first pixel is (0, 0), its centre half a "
      + "pixel from it; frames count from 1; z in nm; photons; offset in photons per pixel; "
      + "uncertainty_xy = sqrt((x_error^2 + y_error^2) / 2)"
    imageInfo = ImageInfo(width: field.width, height: field.height, frames: field.frames)
    cameraSettings = CameraSettings(pixelSize: field.pixelSize)
    steps = provenance
  }

  /// The protocol of a table of another kind, which has no convention.
  init(provenance: [ProvenanceStep]) {
    version = "Glint \(glintVersion)"
    steps = provenance
  }

  /// The protocol beside `table`; nil if there is none, or if it has another form.
  init?(besideTable table: String) throws {
    guard let data = try Tables.notes(Self.path(besideTable: table)),
      let known = try? JSONDecoder().decode(Self.self, from: Data(data))
    else { return nil }
    self = known
  }

  /// ThunderSTORM's own rule for the name.
  static func path(besideTable table: String) -> String {
    let dot = table.lastIndex { $0 == "." || $0 == "/" }
    let stem = dot.map { table[$0] == "." ? table[..<$0] : table[...] } ?? table[...]
    return stem + "-protocol.txt"
  }

  func text() throws -> Data { try JSONEncoder.indented.encode(self) }
}

extension Tables {
  /// The notes in a file beside a table; nil if there is no such file. Throws `TableError` if it
  /// cannot be read.
  static func notes(_ path: String) throws -> [UInt8]? {
    try TableError.reading(path) {
      do throws(FileFault) { return try InputFile.contents(of: path, atMost: 1 << 26) } catch {
        if error.kind == .missing { return nil }
        throw error
      }
    }
  }

  /// Writes a text table that is not one of localizations, with its provenance beside it.
  package static func write(
    text: some ContiguousBytes, provenance: [ProvenanceStep], to path: String, overwrite: Bool
  ) throws {
    let table = try StagedFile(path: path, overwrite: overwrite)
    let notes = try StagedFile(
      path: ThunderstormProtocol.path(besideTable: path), overwrite: overwrite)
    try table.write(text)
    try notes.write(ThunderstormProtocol(provenance: provenance).text())
    try StagedFile.commit([notes, table])
  }
}
