import Foundation
import Microscopy

/// Options for files without a header, which planes become frames, and whether to accept truncated
/// movies.
public struct MovieOptions: Hashable, Sendable {
  /// Frame size in pixels, for a file of raw uint16 pixels without its sidecar.
  public var width: Int?
  public var height: Int?
  /// Byte order of such a file; dax files are usually big-endian.
  public var bigEndian: Bool
  /// Whether a truncated movie is opened up to its end; otherwise it is an error.
  public var acceptsTruncated: Bool
  /// The planes that are read of a file with several channels, slices, positions or series.
  public var planes: [PlaneAxis: PlaneChoice]
  /// The axis that becomes the frames of the movie; a stack of beads is read along `slice`.
  public var along: PlaneAxis

  public init(
    width: Int? = nil, height: Int? = nil, bigEndian: Bool = true, acceptsTruncated: Bool = false,
    planes: [PlaneAxis: PlaneChoice] = [:], along: PlaneAxis = .time
  ) {
    self.width = width
    self.height = height
    self.bigEndian = bigEndian
    self.acceptsTruncated = acceptsTruncated
    self.planes = planes
    self.along = along
  }
}

/// Opens movies of all supported formats.
public enum Movies {
  /// The supported formats, as text.
  package static let formats = [
    "TIFF and BigTIFF (ImageJ, OME-TIFF, Micro-Manager, NDTiff)", "a folder of TIFFs",
    "dax + inf", "raw + yaml", "SPE 2.x", "ND2", "CZI", "LIF",
  ]

  /// Opens the movie at `path`: a file, its sidecar, or a folder of single-frame TIFFs.
  ///
  /// The format is detected from the content, not the name. Throws `MovieError`, also for a
  /// truncated movie unless the options accept it.
  ///
  /// ```swift
  /// let movie = try Movies.open("beads.ome.tif")
  /// let frame = UnsafeMutableRawBufferPointer.allocate(byteCount: movie.info.frameBytes, alignment: 64)
  /// try movie.read(0..<1, into: frame)
  /// ```
  public static func open(
    _ path: String, options: MovieOptions = MovieOptions()
  ) throws -> any Movie {
    let movie = try ChosenPlanes.choose(of: openAll(path, options: options), options)
    if !options.acceptsTruncated, let error = movie.info.cutOff { throw error }
    return movie
  }

  /// Opens all planes of the file at `path`, whatever their axes; see `MovieInfo.axes`.
  public static func openAll(
    _ path: String, options: MovieOptions = MovieOptions()
  ) throws(MovieError) -> any Movie {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      return try TIFFFolder.open(path)
    }
    let file = try FileBytes(path)
    guard file.size > 0 else { throw MovieError(.empty, "the file is empty", file: path) }
    let head = try file.bytes(at: 0, count: SPE.headerBytes)
    if TIFFLayout.isTIFF(head) { return try TIFFSet.open(file) }
    if let movie = try ND2.open(file, head: head) { return movie }
    if let movie = try CZI.open(file, head: head, options: options) { return movie }
    if let movie = try LIF.open(file, head: head, options: options) { return movie }
    if let movie = try Dax.open(file, head: head) { return movie }
    if let movie = try PicassoRaw.open(file, head: head) { return movie }
    if let movie = try SPE.open(file, head: head) { return movie }
    if options.width != nil || options.height != nil {
      return try Dax.openBare(file, options: options)
    }
    throw unknown(file, head: head)
  }

  /// The error for an unknown format.
  private static func unknown(_ file: FileBytes, head: [UInt8]) -> MovieError {
    if file.path.lowercased().hasSuffix(".dax") { return Dax.withoutSidecar(file) }
    if file.path.lowercased().hasSuffix(".raw") { return PicassoRaw.withoutSidecar(file) }
    if let name = foreignKinds.first(where: { head.starts(with: $0.magic) })?.name {
      return MovieError(
        .unknown, "\(name), which Glint does not read", file: file.path,
        hint: "export it as TIFF; supported formats: \(formats.joined(separator: ", "))")
    }
    let bytes = head.prefix(8).map { String(format: "%02x", $0) }.joined(separator: " ")
    return MovieError(
      .unknown, "unknown file format; the file begins with the bytes \(bytes)", file: file.path,
      hint: "supported formats: \(formats.joined(separator: ", "))")
  }

  private static let foreignKinds: [(magic: [UInt8], name: String)] = [
    ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"), (Array("Andor".utf8), "an Andor SIF file"),
    ([0x89, 0x50, 0x4E, 0x47], "a PNG image"), ([0xFF, 0xD8, 0xFF], "a JPEG image"),
    ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive"), (Array("MATLAB".utf8), "a MATLAB file"),
  ]
}

extension String {
  /// The path with its last extension replaced.
  func withExtension(_ name: String) -> String {
    let stem = NSString(string: self).deletingPathExtension
    return stem + "." + name
  }

  /// The folder that holds the path; "." for a bare name.
  var folder: String {
    let name = NSString(string: self).deletingLastPathComponent
    return name.isEmpty ? "." : name
  }

  var fileName: String { NSString(string: self).lastPathComponent }

  /// The path of `name` inside this folder.
  func appending(_ name: String) -> String { NSString(string: self).appendingPathComponent(name) }
}
