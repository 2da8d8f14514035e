import Foundation
import Microscopy
import Reporting

/// Raw uint16 frames (`.dax`) with a text file (`.inf`) beside them, in the format of the Zhuang
/// lab: `frame dimensions = W x H`, `number of frames = N`, `data type = 16 bit integers (binary,
/// big endian)`.
enum Dax {
  /// The movie if `file` is an `.inf` or has one beside it; nil otherwise.
  static func open(_ file: FileBytes, head: [UInt8]) throws(MovieError) -> (any Movie)? {
    if !head.contains(0), let fields = fields(try file.bytes(at: 0, count: 1 << 16)) {
      let pixels = file.path.withExtension("dax")
      return try open(pixels: try sidecarPixels(pixels, of: file), sidecar: file.path, fields)
    }
    guard let sidecar = try sidecar(of: file) else { return nil }
    guard let fields = fields(try sidecar.bytes(at: 0, count: 1 << 16)),
      isDax(file) || describes(fields, file)
    else { return nil }
    return try open(pixels: file, sidecar: sidecar.path, fields)
  }

  private static func isDax(_ file: FileBytes) -> Bool { file.path.lowercased().hasSuffix(".dax") }

  /// Whether the fields account for every byte of a file that is not called `.dax`.
  private static func describes(_ fields: [String: String], _ file: FileBytes) -> Bool {
    let numbers =
      fields["frame dimensions", default: ""].lowercased().split(separator: "x")
      + [Substring(fields["number of frames", default: ""])]
    return numbers.count == 3 && file.isExactly(numbers.map(String.init), bytes: 2)
  }

  private static func sidecar(of file: FileBytes) throws(MovieError) -> FileBytes? {
    for name in ["inf", "INF"]
    where FileManager.default.fileExists(
      atPath: file.path.withExtension(name))
    { return try FileBytes(file.path.withExtension(name)) }
    return nil
  }

  /// The lines `key = value`; nil if the text is not an `.inf`.
  private static func fields(_ bytes: [UInt8]) -> [String: String]? {
    guard !bytes.contains(0) else { return nil }
    var fields: [String: String] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      if parts.count == 2 { fields[parts[0].lowercased()] = parts[1] }
    }
    return fields["frame dimensions"] == nil ? nil : fields
  }

  private static func open(
    pixels file: FileBytes, sidecar: String, _ fields: [String: String]
  ) throws(MovieError) -> any Movie {
    let dimensions = fields["frame dimensions", default: ""]
    let numbers = dimensions.lowercased().split(separator: "x").map {
      Int($0.trimmingCharacters(in: .whitespaces))
    }
    guard numbers.count == 2, let width = numbers[0], let height = numbers[1] else {
      throw MovieError(
        .sidecar, "frame dimensions '\(dimensions)' are not two numbers", file: sidecar,
        hint: "write a line such as: frame dimensions = 256 x 256")
    }
    var promised: Int?
    if let text = fields["number of frames"] {
      promised = Int(text)
      guard promised != nil else {
        throw MovieError(.sidecar, "number of frames '\(text)' is not a number", file: sidecar)
      }
    }
    var notes: [String] = []
    let kind = fields["data type", default: ""].lowercased()
    if kind.isEmpty { notes.append("the .inf states no data type; big-endian uint16 is assumed") }
    guard kind.isEmpty || kind.contains("16 bit") else {
      throw MovieError(
        .unsupported, "data type '\(kind)' is not supported, only 16 bit integers", file: sidecar)
    }
    return try movie(
      file, width: width, height: height, bigEndian: !kind.contains("little"), promised: promised,
      format: "dax + inf", notes: notes, metadata: fields, sidecar: sidecar)
  }

  private static func movie(
    _ file: FileBytes, width: Int, height: Int, bigEndian: Bool, promised: Int?, format: String,
    notes: [String], metadata: [String: String], sidecar: String
  ) throws(MovieError) -> any Movie {
    let storage = PixelStorage(sample: .uint16, bigEndian: bigEndian)
    let shape = try FrameShape(width: width, height: height, sample: .uint16, file: sidecar)
    let (frames, truncation) = try shape.frames(promised: promised, after: 0, of: file)
    var notes = notes
    let rest = file.size - frames * shape.bytes
    if truncation == nil, rest > 0 { notes.append("\(rest) bytes follow the last frame") }
    return FlatMovie(
      file: file, storage: storage,
      offsets: OffsetTable(first: 0, stride: shape.bytes, count: frames),
      info: MovieInfo(
        width: width, height: height, frames: frames, pixel: .uint16, format: format,
        storage: storage.description, byteOrder: storage.byteOrder, notes: notes,
        metadata: metadata, files: [file.path],
        truncation: truncation))
  }

  /// A file of raw uint16 pixels with a frame size given by the caller.
  static func openBare(_ file: FileBytes, options: MovieOptions) throws(MovieError) -> any Movie {
    guard let width = options.width, let height = options.height else {
      throw MovieError(
        .sidecar, "a file without a header requires a width and a height", file: file.path)
    }
    return try movie(
      file, width: width, height: height, bigEndian: options.bigEndian, promised: nil,
      format: "bare pixels", notes: [], metadata: [:], sidecar: file.path)
  }

  /// The error for a `.dax` without its `.inf`; the hint guesses a square frame that fits the file
  /// size.
  static func withoutSidecar(_ file: FileBytes) -> MovieError {
    let sizes = [2048, 1024, 512, 256, 128, 64, 32]
    let guess = sizes.first { file.size % (2 * $0 * $0) == 0 }
    let lines = { (size: Int, frames: Int) in
      "frame dimensions = \(size) x \(size), number of frames = \(frames), "
        + "data type = 16 bit integers (binary, big endian)"
    }
    let hint = guess.map {
      "\(file.size) bytes would be \(file.size / (2 * $0 * $0)) frames of \($0) x \($0); if so, "
        + "write \(file.path.withExtension("inf").fileName) with the lines: "
        + lines($0, file.size / (2 * $0 * $0))
    }
    return MovieError(
      .sidecar, "the .inf file of this .dax is missing; it states the frame size", file: file.path,
      hint: Message(
        hint
          ?? "write \(file.path.withExtension("inf").fileName) with the lines: \(lines(256, 100)), "
          + "with the true numbers"))
  }
}

/// Opens the pixel file that a sidecar describes.
func sidecarPixels(_ path: String, of sidecar: FileBytes) throws(MovieError) -> FileBytes {
  guard FileManager.default.fileExists(atPath: path) else {
    throw MovieError(
      .sidecar, "describes \(path.fileName), which does not exist", file: sidecar.path)
  }
  return try FileBytes(path)
}
