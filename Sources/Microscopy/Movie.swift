import Reporting

/// The element type in which a movie delivers its pixels.
///
/// 8-bit and 16-bit files are delivered as `uint16`, 32-bit and floating-point files as `float32`.
public enum PixelType: String, Codable, Hashable, Sendable {
  case uint16
  case float32

  public var bytes: Int { self == .uint16 ? 2 : 4 }
}

/// The byte order of numbers in a file; the raw value is NumPy's character.
public enum ByteOrder: String, Codable, Hashable, Sendable {
  case littleEndian = "<"
  case bigEndian = ">"
}

/// The properties of a movie that are known before its first frame is read.
public struct MovieInfo: Hashable, Sendable {
  public var width: Int
  public var height: Int
  public var frames: Int
  /// The element that `Movie.read` delivers.
  public var pixel: PixelType
  /// The file format as text, for example "ImageJ TIFF, one IFD" or "dax + inf".
  public var format: String
  /// The pixel type in the file, for example "uint16 big-endian".
  public var storage: String
  /// nil if pixels are single bytes, if files differ, or if the movie is not in a file.
  public var byteOrder: ByteOrder?
  /// Pixel size in the sample plane, nm; nil if the file does not state a plausible one.
  public var pixelSize: Double?
  /// How the file arranges its planes: the slowest axis first, so that the last one changes from one
  /// frame of `read` to the next. Empty for a plain sequence of frames. A reader that sets it
  /// delivers all planes of the file; `Movies.open` then leaves those that are chosen.
  public var axes: [AxisExtent]
  /// Remarks for the user, such as "the header states 500 frames, the file contains 412".
  public var notes: [String]
  /// Other metadata of the file, unchanged.
  public var metadata: [String: String]
  /// All files that contain pixels of this movie.
  public var files: [String]
  /// The truncation of an incomplete movie, with `frames` counting the frames before it; nil for a
  /// complete movie.
  public var truncation: Truncation?

  public init(
    width: Int, height: Int, frames: Int, pixel: PixelType, format: String, storage: String,
    byteOrder: ByteOrder? = nil, pixelSize: Double? = nil, axes: [AxisExtent] = [],
    notes: [String] = [], metadata: [String: String] = [:],
    files: [String] = [], truncation: Truncation? = nil
  ) {
    self.width = width
    self.height = height
    self.frames = frames
    self.pixel = pixel
    self.format = format
    self.storage = storage
    self.byteOrder = byteOrder
    self.pixelSize = pixelSize
    self.axes = axes
    self.notes = notes
    self.metadata = metadata
    self.files = files
    self.truncation = truncation
  }

  /// Bytes of one frame as delivered by `Movie.read`.
  public var frameBytes: Int { width * height * pixel.bytes }
}

/// The truncation of a movie, by an interrupted copy, a full disk or a stopped acquisition.
public struct Truncation: Hashable, Sendable {
  /// A description with numbers, such as "the header states 500 frames, the file contains 412".
  public var what: String
  /// The file that ends too early or is missing.
  public var file: String

  public init(_ what: String, file: String) {
    self.what = what
    self.file = file
  }
}

/// A sequence of frames of equal size that can be read in any order, a few frames at a time.
///
/// Implementations do not cache frames and can be called from several threads.
public protocol Movie: Sendable {
  var info: MovieInfo { get }

  /// Copies `frames` into `buffer`: frame after frame, row after row, x fastest, native byte order,
  /// elements of `info.pixel`. `buffer` holds at least `frames.count · info.frameBytes` bytes.
  ///
  /// Throws a typed error with the file and the frame if the bytes cannot be read.
  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws

  /// The files that changed since they were opened, and how, such as "beads.tif was written to, with
  /// the same size". Empty if none did, or if the movie is not in a file.
  func changes() -> [String]
}

extension Movie {
  public func changes() -> [String] { [] }

  /// Throws if a file of the movie changed since it was opened, so that frames that were read before
  /// and after do not belong together. A run asks for this when it has read its last frame.
  public func checkUnchanged() throws(MovieChanged) {
    let changes = changes()
    if !changes.isEmpty { throw MovieChanged(changes: changes) }
  }
}

/// A movie was written to while it was read.
public struct MovieChanged: Fault, Hashable {
  /// The files, and how they changed.
  public let changes: [String]

  public var message: Message {
    let more = changes.count > 3 ? ", and \(changes.count - 3) more files changed" : ""
    return "\(changes.prefix(3).joined(separator: ", "))\(more) while it was read"
  }
  public var remedy: Message? {
    "wait until the movie is complete, or copy it, then run this again"
  }
}
