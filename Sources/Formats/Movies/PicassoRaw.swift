import Foundation
import Microscopy
import Reporting
import Yams

/// Picasso's raw movies: headerless `[Frames][Height][Width]` (`.raw`) with a YAML file beside them
/// with the keys `Data Type` (a NumPy name), `Frames`, `Height`, `Width`, `Byte Order` (`<` or
/// `>`).
enum PicassoRaw {
  /// The movie if `file` is such a YAML or has one beside it; nil otherwise.
  static func open(_ file: FileBytes, head: [UInt8]) throws(MovieError) -> (any Movie)? {
    let isNotes = ["yaml", "yml"].contains((file.path as NSString).pathExtension.lowercased())
    if isText(head), isNotes {
      let pixels = file.path.withExtension("raw")
      for name in ["hdf5", "h5"]
      where !FileManager.default.fileExists(atPath: pixels)
        && FileManager.default.fileExists(atPath: file.path.withExtension(name))
      {
        throw MovieError(
          .unknown,
          "the notes of \(file.path.withExtension(name).fileName), a table, not of a movie",
          file: file.path, hint: "give the movie from which the table was made")
      }
    }
    if isText(head), let fields = fields(try file.bytes(at: 0, count: 1 << 20)) {
      let pixels = file.path.withExtension("raw")
      return try open(
        pixels: try sidecarPixels(pixels, of: file), sidecar: file.path, fields)
    }
    for name in ["yaml", "yml"]
    where FileManager.default.fileExists(
      atPath: file.path.withExtension(name))
    {
      let sidecar = try FileBytes(file.path.withExtension(name))
      if let fields = fields(try sidecar.bytes(at: 0, count: 1 << 20)),
        file.path.lowercased().hasSuffix(".raw") || describes(fields, file)
      {
        return try open(pixels: file, sidecar: sidecar.path, fields)
      }
    }
    return nil
  }

  /// Whether the fields account for every byte of a file that is not called `.raw`.
  private static func describes(_ fields: [String: String], _ file: FileBytes) -> Bool {
    guard let sample = try? storage(fields, sidecar: "").sample else { return false }
    return file.isExactly(
      ["Frames", "Height", "Width"].map { fields[$0] ?? "" }, bytes: sample.bytes)
  }

  private static func isText(_ head: [UInt8]) -> Bool {
    !head.contains { $0 < 9 || (14..<32).contains($0) }
  }

  private static let keys = ["Data Type", "Byte Order", "Frames", "Height", "Width", "Camera"]

  /// The scalar values of the relevant keys; the last one of a name wins. nil if the text does not
  /// describe pixels. Only these lines are parsed as YAML, so that camera metadata, which may be
  /// megabytes of nested maps, costs no time and causes no errors.
  private static func fields(_ bytes: [UInt8]) -> [String: String]? {
    var fields: [String: String] = [:]
    for line in bytes.split(whereSeparator: { $0 == 10 || $0 == 13 }) where line.count < 256 {
      let text = String(decoding: line, as: UTF8.self)
      guard keys.contains(where: { text.hasPrefix($0) }),
        let pair = (try? Yams.compose(yaml: text))?.mapping?.first,
        let key = pair.key.scalar?.string, let value = pair.value.scalar?.string
      else { continue }
      fields[key] = value
    }
    return fields["Data Type"] == nil ? nil : fields
  }

  private static func open(
    pixels file: FileBytes, sidecar: String, _ fields: [String: String]
  ) throws(MovieError) -> any Movie {
    func number(_ key: String) throws(MovieError) -> Int {
      guard let number = fields[key].flatMap(Int.init) else {
        throw MovieError(
          .sidecar, "'\(key)' is \(fields[key].map { "'\($0)', not a number" } ?? "missing")",
          file: sidecar,
          hint: "a raw movie requires Data Type, Byte Order, Frames, Height and Width")
      }
      return number
    }
    let storage = try storage(fields, sidecar: sidecar)
    let shape = try FrameShape(
      width: try number("Width"), height: try number("Height"), sample: storage.sample,
      file: sidecar)
    let (frames, truncation) = try shape.frames(
      promised: try number("Frames"), after: 0, of: file)
    let rest = file.size - frames * shape.bytes
    let isLonger = truncation == nil && rest > 0
    return FlatMovie(
      file: file, storage: storage,
      offsets: OffsetTable(first: 0, stride: shape.bytes, count: frames),
      info: MovieInfo(
        width: shape.width, height: shape.height, frames: frames, pixel: storage.sample.delivered,
        format: "raw + yaml", storage: storage.description,
        byteOrder: storage.byteOrder,
        notes: isLonger ? ["\(rest) bytes follow the last frame"] : [], metadata: fields,
        files: [file.path], truncation: truncation))
  }

  /// The error for a `.raw` without its YAML.
  static func withoutSidecar(_ file: FileBytes) -> MovieError {
    MovieError(
      .sidecar, "the .yaml file of this .raw is missing; it states frame size and pixel type",
      file: file.path,
      hint: "write \(file.path.withExtension("yaml").fileName) with the keys Data Type (uint16), "
        + "Byte Order ('<' or '>'), Frames, Height and Width; \(file.size) bytes are "
        + "\(file.size / 2) uint16 pixels")
  }

  /// Parses the NumPy name, with or without a byte order in front, and the key `Byte Order`.
  private static func storage(
    _ fields: [String: String], sidecar: String
  ) throws(MovieError) -> PixelStorage {
    var name = fields["Data Type", default: ""]
    var order = fields["Byte Order"]
    if let first = name.first, "<>|=".contains(first) {
      order = first == "<" || first == ">" ? String(first) : order
      name.removeFirst()
    }
    let short: [String: Sample] = [
      "u1": .uint8, "i1": .int8, "u2": .uint16, "i2": .int16, "u4": .uint32, "i4": .int32,
      "f4": .float32, "f8": .float64,
    ]
    guard let sample = Sample(rawValue: name) ?? short[name] else {
      throw MovieError(
        .unsupported, "data type '\(fields["Data Type", default: ""])' is not supported",
        file: sidecar,
        hint: "supported types: \(Sample.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard sample.bytes == 1 || order == "<" || order == ">" else {
      throw MovieError(
        .sidecar, "'Byte Order' is \(order.map { "'\($0)'" } ?? "missing")", file: sidecar,
        hint: "write Byte Order: '<' for little-endian or '>' for big-endian")
    }
    return PixelStorage(sample: sample, bigEndian: order == ">")
  }
}
