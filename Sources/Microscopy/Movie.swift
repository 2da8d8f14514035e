/// The element in which a movie hands over its pixels.
///
/// Camera files of 8 and 16 bits travel as `uint16`; 32-bit and floating-point files as `float32`.
public enum PixelType: String, Codable, Hashable, Sendable {
  case uint16
  case float32

  public var bytes: Int { self == .uint16 ? 2 : 4 }
}

/// The order in which a file stores the bytes of a number; the raw value is numpy's mark.
public enum ByteOrder: String, Codable, Hashable, Sendable {
  case littleEndian = "<"
  case bigEndian = ">"
}

/// What is known of a movie before its first frame is read.
public struct MovieInfo: Hashable, Sendable {
  public var width: Int
  public var height: Int
  public var frames: Int
  /// The element that `Movie.read` delivers.
  public var pixel: PixelType
  /// The container in words, for example "ImageJ TIFF, one IFD" or "dax + inf".
  public var format: String
  /// How pixels lie in the file, for example "uint16 big-endian".
  public var storage: String
  /// nil where pixels are single bytes, where files differ, and for a movie that is in no file.
  public var byteOrder: ByteOrder?
  /// Camera pixel in the sample plane, nm, where the file states it believably.
  public var pixelSize: Double?
  /// Facts a reader should know, such as "the header states 500 frames, the file contains 412".
  public var notes: [String]
  /// Further fields of the file, in its own words.
  public var metadata: [String: String]
  /// Every file that holds pixels of this movie.
  public var files: [String]
  /// Where the movie breaks off too early; `frames` counts those before. nil for a whole one.
  public var truncation: Truncation?

  public init(
    width: Int, height: Int, frames: Int, pixel: PixelType, format: String, storage: String,
    byteOrder: ByteOrder? = nil, pixelSize: Double? = nil, notes: [String] = [],
    metadata: [String: String] = [:],
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
    self.notes = notes
    self.metadata = metadata
    self.files = files
    self.truncation = truncation
  }

  /// Bytes of one frame as `Movie.read` delivers it.
  public var frameBytes: Int { width * height * pixel.bytes }
}

/// What a movie lacks that was cut off: by an interrupted copy, a full disk, a stopped acquisition.
public struct Truncation: Hashable, Sendable {
  /// In words with numbers, such as "the header states 500 frames, the file contains 412".
  public var what: String
  /// The file that ends too early or is missing.
  public var file: String

  public init(_ what: String, file: String) {
    self.what = what
    self.file = file
  }
}

/// A sequence of frames of one size that can be read in any order, a few frames at a time.
///
/// Implementations keep no frame in memory and may be called from several threads.
public protocol Movie: Sendable {
  var info: MovieInfo { get }

  /// Copies `frames` into `buffer`: frame after frame, row after row, x fastest, native byte order,
  /// elements of `info.pixel`. `buffer` holds at least `frames.count · info.frameBytes` bytes.
  ///
  /// Throws a typed error that names the file and the frame where the bytes cannot be had.
  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws
}
