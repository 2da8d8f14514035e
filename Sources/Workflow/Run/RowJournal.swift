import Formats
import Foundation
import Localization
import Microscopy

/// Records the rows of a run in its journal, and gives them back to a resumed run.
///
/// A record is the number of rows, the frame of each row as Int64, the values of each column as
/// Float64, and the counts of spots as JSON.
final class RowJournal: Sink {
  let journal: Journal
  private let quantities: [Quantity]
  private let frames: Range<Int>
  private let finished: Int
  private let encoder = JSONEncoder()

  /// What was counted in a batch.
  private struct Counts: Codable {
    var spots: Int
    var dropped: [String: Int]
    var saturated: Int
  }

  /// - Parameters:
  ///   - frames: the frames of the whole run.
  ///   - finished: the number of frames that an interrupted run had finished.
  init(_ journal: Journal, _ quantities: [Quantity], frames: Range<Int>, finished: Int) {
    self.journal = journal
    self.quantities = quantities
    self.frames = frames
    self.finished = finished
  }

  func take(_ rows: Rows, of frames: Range<Int>) throws {
    // The last rows are in the outputs in a moment, and a resumed run has something to do.
    guard frames.upperBound < self.frames.upperBound else { return }
    let table = rows.table
    let counts = try encoder.encode(
      Counts(spots: rows.spots, dropped: rows.tally.dropped, saturated: rows.tally.saturated))
    journal.append(items: frames.upperBound - self.frames.lowerBound) { record in
      func put<T: BitwiseCopyable>(_ values: [T]) { values.withUnsafeBytes { record += $0 } }
      withUnsafeBytes(of: Int64(table.count)) { record += $0 }
      put(table.frame)
      for quantity in quantities { put(table[quantity] ?? []) }
      record += counts
    }
  }

  /// Passes the rows of the interrupted run to the writers and the count.
  func replay(into writers: [any TableWriter], _ count: RowCount) throws {
    guard finished > 0 else { return }
    try journal.replay { bytes in
      var place = 0
      func take<T: BitwiseCopyable>(_ number: Int, _: T.Type) -> [T] {
        defer { place += number * MemoryLayout<T>.stride }
        return [T](unsafeUninitializedCapacity: number) { values, filled in
          bytes.withUnsafeBytes { raw in
            UnsafeMutableRawBufferPointer(values).copyMemory(
              from: UnsafeRawBufferPointer(
                rebasing: raw[place..<place + number * MemoryLayout<T>.stride]))
          }
          filled = number
        }
      }
      guard bytes.count >= 8, let rows = Int(exactly: take(1, Int64.self)[0]), rows >= 0,
        rows <= bytes.count / (8 * (1 + quantities.count)),
        8 * (1 + rows * (1 + quantities.count)) <= bytes.count
      else { throw OutputError.failed(path: journal.path, reason: "its journal has other columns") }
      var table = Localizations()
      table.frame = take(rows, Int64.self).map(Int.init)
      for quantity in quantities { table[quantity] = take(rows, Double.self) }
      let counts = try JSONDecoder().decode(Counts.self, from: Data(bytes[place...]))
      for writer in writers { try writer.append(table) }
      count.add(
        rows: rows, spots: counts.spots,
        SpotTally(dropped: counts.dropped, saturated: counts.saturated))
    }
  }
}

/// What identifies the files of a movie in a journal: names, sizes and times of the last change.
func fileMarks(_ files: [String]) -> String {
  files.map { path in
    var status = stat()
    guard stat(path, &status) == 0 else { return path.lastName }
    let time = status.st_mtim
    return "\(path.lastName) of \(status.st_size) bytes, changed at \(time.tv_sec).\(time.tv_nsec)"
  }.joined(separator: "\n")
}

extension String {
  fileprivate var lastName: String { URL(fileURLWithPath: self).lastPathComponent }
}
