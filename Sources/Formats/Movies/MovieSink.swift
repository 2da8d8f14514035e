import Foundation

/// Writes the bytes of a movie into a staged file, at its end or at a given position, for example
/// for a header that is known only at the end.
final class MovieSink {
  let staged: StagedFile
  private(set) var position = 0

  /// Room is reserved in steps of this many bytes.
  private static let step = 1 << 24

  /// - Parameters:
  ///   - resuming: the length of the bytes to go on from.
  ///   - partial: the file that has these bytes; nil for the temporary file of a killed run.
  /// - Throws: `OutputError`.
  init(path: String, overwrite: Bool, resuming: Int? = nil, from partial: String? = nil) throws {
    staged = try StagedFile(
      path: path, overwrite: overwrite, keepsContent: resuming != nil && partial == nil)
    guard let resuming else { return }
    if let partial { try copy(partial, resuming) }
    var status = stat()
    guard fstat(staged.descriptor, &status) == 0, Int(status.st_size) >= resuming else {
      throw OutputError.failed(
        path: path,
        reason: "the part to go on from is gone; start afresh without resuming")
    }
    position = resuming
  }

  /// Copies the beginning of a file.
  private func copy(_ path: String, _ length: Int) throws {
    guard let file = FileHandle(forReadingAtPath: path) else { return }
    while position < length,
      let bytes = try file.read(upToCount: min(1 << 22, length - position)), !bytes.isEmpty
    { try bytes.withUnsafeBytes { try write($0) } }
  }

  /// Writes a frame, and first makes sure that `more` bytes fit behind it.
  func write(_ bytes: UnsafeRawBufferPointer, leaving more: Int) throws {
    try staged.reserve(position + bytes.count + more, steps: Self.step)
    try write(bytes)
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    try write(bytes, at: position)
    position += bytes.count
  }

  func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    try staged.write(bytes, at: offset)
  }

  /// Goes on behind the first `length` bytes.
  func cut(_ length: Int) { position = min(position, length) }

  /// Ends the writing; the file is not yet committed.
  func close() throws { try staged.end(at: position) }
}
