import Containers
import Microscopy
import Reporting

/// Why a movie could not be opened, read or written: what, where, and what to do next.
public struct MovieError: Fault, Hashable {
  public enum Kind: String, Sendable {
    /// No such file or folder, or a folder without TIFFs.
    case missing
    /// The system does not open or does not read the file.
    case unreadable
    /// A file of zero bytes.
    case empty
    /// Not a supported format.
    case unknown
    /// The file ends before the end of its first frame, or of its last.
    case truncated
    /// A well-formed file without a frame.
    case noFrames
    /// A known format with an unsupported pixel type or compression.
    case unsupported
    /// The text file that describes the pixels is missing or contradicts them.
    case sidecar
    /// Contradictory fields, or pages of different size.
    case inconsistent
    /// Planes along several axes, without a choice; or a chosen plane that does not exist.
    case choice
    /// Requested frames are not in the movie.
    case range
    /// Bytes could not be read or decoded.
    case readFailed
    /// The movie to be written is not valid.
    case impossible
  }

  public var kind: Kind
  /// What happened, lower case, without a full stop.
  public var what: String
  public var file: String
  /// Frame or page, counted from 0.
  public var frame: Int?
  /// Position in the file.
  public var byte: Int?
  public var hint: Message?

  package init(
    _ kind: Kind, _ what: String, file: String, frame: Int? = nil, byte: Int? = nil,
    hint: Message? = nil
  ) {
    self.kind = kind
    self.what = what
    self.file = file
    self.frame = frame
    self.byte = byte
    self.hint = hint
  }

  public var remedy: Message? { hint }

  public var message: Message {
    let place = [frame.map { "frame \($0)" }, byte.map { "byte \($0)" }].compactMap { $0 }
    return "\(file): \(what)\(place.isEmpty ? "" : " (\(place.joined(separator: ", ")))")"
  }

  /// A movie that is truncated after `frames` complete frames.
  init(_ truncation: Truncation, frames: Int) {
    self.init(
      .truncated, "cut off: \(truncation.what)", file: truncation.file, frame: frames,
      hint: Self.hint(before: frames, from: 0))
  }

  /// A hint on how to process the frames from `first` up to a bad one; nil if there are none.
  package static func hint(before bad: Int, from first: Int) -> Message? {
    bad > first ? "process the frames before it with \(.frames) \(first):\(bad)" : nil
  }

  /// Throws an error of the system. All others say what is wrong with the file: that it is cut off,
  /// for example, which a failed read does not prove.
  func throwIfUnread() throws(MovieError) { if kind == .unreadable { throw self } }

  /// The result of `body`; nil if the file is cut off or damaged there. Throws errors of the system.
  static func ifWhole<Result>(
    _ body: () throws(MovieError) -> Result
  ) throws(MovieError) -> Result? {
    do { return try body() } catch {
      try error.throwIfUnread()
      return nil
    }
  }

  /// The same error with the number of the frame in the movie.
  func at(frame: Int) -> MovieError {
    var copy = self
    copy.frame = frame
    return copy
  }
}

extension MovieInfo {
  /// The error for a truncated movie; nil for a complete one.
  public var cutOff: MovieError? { truncation.map { MovieError($0, frames: frames) } }
}

extension MovieError {
  /// Runs `body` and turns a fault of a container into an error of the movie.
  static func reading<Result>(
    _ path: String, _ body: () throws(FileFault) -> Result
  ) throws(MovieError) -> Result {
    do {
      return try body()
    } catch {
      var error = MovieError(error, file: path)
      error.what = "the file \(error.what)"
      throw error
    }
  }

  init(_ fault: FileFault, file path: String) {
    let kind: Kind =
      switch fault.kind {
      case .damage: .readFailed
      case .missing: .missing
      case .unreadable: .unreadable
      case .refusal: .unsupported
      }
    self.init(
      kind, fault.reason, file: path, byte: fault.byte,
      hint: fault.hint.map { Message($0) })
  }
}
