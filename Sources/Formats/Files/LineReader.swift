import Containers
import Foundation

/// Reads a text file in whole lines, a few megabytes at a time.
///
/// Every chunk ends with a line feed (added after the last line if missing), so a scanner that
/// stops at line feeds stays inside it. Lines may end with LF, CR LF or CR, which becomes LF.
package final class LineReader {
  /// The number of the next line, from 1; `chunk` does not change it.
  package private(set) var lineNumber = 1
  private let file: InputFile
  /// Position in the file of the bytes that come next into the buffer.
  private var position = 0
  private var buffer: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var start = 0
  private var end = 0
  private var finished = false

  /// A file with longer lines is not treated as text.
  private static let longestLine = 16 << 20

  package init(path: String, capacity: Int = 4 << 20) throws {
    file = try TableError.reading(path) { try InputFile(path) }
    self.capacity = capacity
    buffer = .allocate(capacity: capacity + 1)
  }

  deinit { buffer.deallocate() }

  /// Starts again at a line, which was read before.
  package func restart(before line: Int) throws {
    (start, end, position, finished, lineNumber) = (0, 0, 0, false, 1)
    while lineNumber < line, try self.line() != nil {}
  }

  /// The next line without its line ending; nil at the end of the file.
  package func line() throws -> String? {
    guard try fill() else { return nil }
    let from = buffer + start
    let length = (memchr(from, 10, end - start)! - UnsafeMutableRawPointer(from))
    start += length + 1
    lineNumber += 1
    let text = UnsafeBufferPointer(start: from, count: length)
    return String(decoding: text.last == 13 ? text.dropLast() : text[...], as: UTF8.self)
  }

  /// All complete lines in the buffer; nil at the end of the file. Valid until the next call.
  package func chunk() throws -> UnsafeBufferPointer<UInt8>? {
    guard try fill() else { return nil }
    var last = end
    while buffer[last - 1] != 10 { last -= 1 }
    defer { start = last }
    return UnsafeBufferPointer(start: buffer + start, count: last - start)
  }

  /// Reads until at least one complete line is in the buffer.
  private func fill() throws -> Bool {
    while memchr(buffer + start, 10, end - start) == nil {
      if finished { return false }
      memmove(buffer, buffer + start, end - start)
      (start, end) = (0, end - start)
      if end == capacity { try grow() }
      let count = try TableError.reading(file.path) {
        try file.read(
          at: position,
          into: UnsafeMutableRawBufferPointer(start: buffer + end, count: capacity - end))
      }
      position += count
      // A CR at the end was not judged before, because the byte after it was not known.
      let unjudged = end > start && buffer[end - 1] == 13 ? end - 1 : end
      end += count
      if count == 0 {
        finished = true
        if end > start {
          buffer[end] = 10
          end += 1
        }
      }
      endLines(from: unjudged)
    }
    return true
  }

  /// Replaces a CR that no LF follows by an LF.
  private func endLines(from first: Int) {
    var place = first
    while let found = memchr(buffer + place, 13, max(0, end - 1 - place)) {
      place = UnsafeMutableRawPointer(buffer).distance(to: found) + 1
      if buffer[place] != 10 { buffer[place - 1] = 10 }
    }
  }

  private func grow() throws {
    guard capacity < Self.longestLine else {
      throw TableError.unknownKind(path: file.path, found: "a line longer than \(capacity) bytes")
    }
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2 + 1)
    memcpy(larger, buffer, end)
    buffer.deallocate()
    buffer = larger
    capacity *= 2
  }
}
