import Foundation
import Microscopy

/// Writes pictures; the extension selects the format.
public enum Images {
  package static let writableKinds = [
    ".png for viewing", ".tif or .tiff for the values (32-bit float or 16-bit)",
  ]

  /// Throws `OutputError` if the extension is of no kind that is written; before any work.
  package static func checkKind(of path: String) throws(OutputError) {
    let kind = URL(fileURLWithPath: path).pathExtension.lowercased()
    guard ["png", "tif", "tiff"].contains(kind) else {
      throw .unknownKind(path: path, kinds: writableKinds.joined(separator: ", or "))
    }
  }

  /// How the values of a TIFF are stored.
  public enum Sample: String, CaseIterable, Hashable, Sendable {
    case float32
    /// Rounded to whole numbers from 0 to 65535.
    case uint16
  }

  /// Writes a PNG (8 bits, with contrast and colours) or a TIFF (the values themselves).
  ///
  /// Both contain the pixel size and, as text, the provenance. Throws `OutputError`.
  public static func write(
    _ image: Image, to path: String, contrast: Contrast = .standard, colours: ColourMap = .ember,
    sample: Sample = .float32, provenance: [ProvenanceStep] = [], overwrite: Bool = false
  ) throws {
    try checkKind(of: path)
    if path.lowercased().hasSuffix(".png") {
      try PNGFile.write(
        image, to: path, contrast: contrast, colours: colours, provenance: provenance,
        overwrite: overwrite)
    } else {
      try TIFFPicture.write(
        image, to: path, sample: sample, provenance: provenance, overwrite: overwrite)
    }
  }

  /// The metadata of a picture.
  struct Notes: Codable {
    var version = "Glint \(glintVersion)"
    var pixelSize: Double?
    var black: Float?
    var white: Float?
    var colours: String?
    var steps: [ProvenanceStep]

    var text: String {
      get throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
          positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return String(decoding: try encoder.encode(self), as: UTF8.self)
      }
    }
  }
}
