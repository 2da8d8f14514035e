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
    "TIFF and BigTIFF (ImageJ, OME-TIFF, Micro-Manager, NDTiff)", "MetaMorph STK",
    "a folder of TIFFs", "dax + inf", "raw + yaml", "SPE 2 and 3", "Imaris", "OME-Zarr",
    "Andor SIF and spool folders", "ND2", "CZI", "LIF",
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
      if let movie = try Zarr.open(path, options: options) { return movie }
      if Spool.isSpool(path) { return try Spool.open(path) }
      return try TIFFFolder.open(path, series: options.planes[.series])
    }
    if Zarr.isDescription(path), let movie = try Zarr.open(path.folder, options: options) {
      return movie
    }
    if Spool.isPart(path) { return try Spool.open(path.folder) }
    let file = try FileBytes(path)
    guard file.size > 0 else { throw MovieError(.empty, "the file is empty", file: path) }
    let head = try file.bytes(at: 0, count: SPE.headerBytes)
    if TIFFLayout.isTIFF(head) {
      return try TIFFSet.open(file, series: options.planes[.series])
    }
    if let movie = try Imaris.open(file, head: head) { return movie }
    if let movie = try SIF.open(file, head: head) { return movie }
    if let movie = try ND2.open(file, head: head) { return movie }
    if let movie = try CZI.open(file, head: head, options: options) { return movie }
    if let movie = try LIF.open(file, head: head, options: options) { return movie }
    // Content of a known kind is never taken for bare pixels, whatever file lies beside it. Readers
    // that recognise their content stand above this line.
    if let kind = ForeignKind(head) { throw MovieError.foreign(kind.name(of: path), path) }
    if let movie = try OMESet.open(companion: file, head: head, series: options.planes[.series]) {
      return movie
    }
    if let movie = try Dax.open(file, head: head) { return movie }
    if let movie = try PicassoRaw.open(file, head: head) { return movie }
    if let movie = try SPE.open(file, head: head, options: options) { return movie }
    if options.width != nil || options.height != nil {
      return try Dax.openBare(file, options: options)
    }
    throw unknown(file, head: head)
  }

  /// The error for an unknown format.
  private static func unknown(_ file: FileBytes, head: [UInt8]) -> MovieError {
    if file.path.lowercased().hasSuffix(".dax") { return Dax.withoutSidecar(file) }
    if file.path.lowercased().hasSuffix(".raw") { return PicassoRaw.withoutSidecar(file) }
    if !head.contains(0), Tables.isTable(file.path) {
      return MovieError.foreign("a table of localizations", file.path)
    }
    let bytes = head.prefix(8).map { String(format: "%02x", $0) }.joined(separator: " ")
    return MovieError(
      .unknown, "unknown file format; the file begins with the bytes \(bytes)", file: file.path,
      hint: "supported formats: \(formats.joined(separator: ", "))")
  }
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
