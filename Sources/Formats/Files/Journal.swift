import Containers
import Dispatch
import Foundation
import Reporting

/// The work of a run so far, in a hidden file beside its output, from which a run that was killed
/// can be resumed.
///
/// The file begins with a head that states what the run does, followed by records. A record holds a
/// number of finished items and bytes that the run understands, with a checksum: what a power cut
/// tore off is not used. The file is locked while its run is alive.
///
/// `@unchecked Sendable`: only one thread appends at a time; `queue` orders what happens beside it.
package final class Journal: @unchecked Sendable {
  /// Which records a run needs to be resumed.
  package enum Records: Sendable { case all, last }

  /// The number of items that are finished according to the last record.
  package var done: Int { queue.sync { items } }
  /// Whether the outputs began to get their names.
  package private(set) var isClosing = false
  /// Why nothing more is recorded; nil if nothing failed.
  package private(set) var failure: OutputError?

  private var record: [UInt8] = []
  private var items = 0
  /// Items of an interrupted run that is not resumed.
  private var replaced = 0
  private let head: [String: String]
  private let observer: any Observer
  package let path: String
  private let place: String
  private let descriptor: Int32
  private var isRemoved = false
  private var records = 0
  private var end = 0
  private var unsynchronized = 0
  private var lastFlush = ContinuousClock.now
  private let queue = DispatchQueue(label: "glint.journal")
  private let isFlushing = DispatchSemaphore(value: 1)

  private static let magic = UInt64(0x4c52_4e4a_544e_4c47)  // "GLNTJNRL"
  private static let recordHead = 32
  private static let mostSeconds = 5.0
  private static let mostBytes = 1 << 26
  private static let largestRecord = 1 << 31

  /// The name of the journal of an output.
  static func name(of output: String) -> String { ".\(output).glint-journal" }

  /// Opens the journal of an output.
  ///
  /// - Parameters:
  ///   - output: the run's output, or its first one.
  ///   - head: what determines the result; a run can be resumed only with the same head.
  ///   - keeps: which records are needed to resume.
  ///   - resuming: whether to go on with an interrupted run.
  ///   - observer: is told if an interrupted run is dropped, or if there is none.
  /// - Throws: `OutputError` if another run writes this output; `JournalError` if the interrupted
  ///   run had another head.
  package init(
    of output: String, head: [String: String], keeps: Records = .all, resuming: Bool,
    observer: any Observer
  ) throws {
    let target = try StagedFile.target(of: output)
    let url = URL(fileURLWithPath: target)
    let folder = url.deletingLastPathComponent().path
    let name = Self.name(of: url.lastPathComponent)
    (path, self.head, self.observer) = (output, head, observer)
    place = folder + "/" + name
    let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else { throw OutputError(errno: errno, path: output) }
    defer { Foundation.close(opened) }
    descriptor = try StagedFile.lockedFile(name, in: opened, path: output)
    let found = try read(at: 0).flatMap {
      try? JSONDecoder().decode([String: String].self, from: $0.bytes)
    }
    if let found {
      switch keeps {
      case .all: try survey { _ in }
      case .last: _ = try latest()
      }
      if resuming, items > 0 { try Self.compare(found, head, output) }
    }
    if resuming, items == 0 {
      observer.note("no interrupted run of \(output) was found; this one starts at the beginning")
    }
    // What stands in the file is needed only by a run that goes on with it.
    if !resuming { (replaced, items, isClosing) = (items, 0, false) }
  }

  /// Begins a new journal, in place of that of an interrupted run which is not resumed. Called when
  /// nothing hinders the run any more.
  package func begin() throws {
    guard items == 0 else { return }
    if replaced > 0 {
      observer.note(
        "an interrupted run of \(path) is replaced; \(.resume) would have continued it")
    }
    (replaced, end, isClosing) = (0, 0, false)
    _ = ftruncate(descriptor, 0)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    put(Array(try encoder.encode(head)), items: 0, mark: 0)
    headEnd = end
    records = 0
  }

  deinit {
    if items == 0, replaced == 0 { remove() }
    Foundation.close(descriptor)
  }

  /// The place behind the head.
  private var headEnd = 0

  private static func compare(
    _ old: [String: String], _ new: [String: String], _ output: String
  ) throws(JournalError) {
    for key in Set(old.keys).union(new.keys).sorted() where old[key] != new[key] {
      let lines = { (text: String?) in (text ?? "").split(separator: "\n").map(String.init) }
      let (before, now) = (lines(old[key]), lines(new[key]))
      throw JournalError(
        output: output, key: key, before: before.first { !now.contains($0) } ?? "nothing",
        now: now.first { !before.contains($0) } ?? "nothing")
    }
  }

  /// The text of the last record; nil if it has none.
  package func lastNote() throws -> String? {
    var text: String?
    try survey { text = $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) }
    return text
  }

  /// Passes the records so far to `body`, in order.
  package func replay(_ body: ([UInt8]) throws -> Void) throws {
    try survey { try body($0) }
  }

  /// Finds the last whole record, and passes the bytes of all.
  private func survey(_ body: ([UInt8]) throws -> Void) throws {
    (items, end, records, isClosing) = (0, 0, 0, false)
    while let record = try read(at: end) {
      if end == 0 {
        headEnd = Self.recordHead + record.bytes.count
      } else if record.mark == 1 {
        isClosing = true
      } else {
        try body(Array(record.bytes))
        records += 1
      }
      items = max(items, record.items)
      end += Self.recordHead + record.bytes.count
    }
    _ = ftruncate(descriptor, off_t(end))
  }

  /// The record at a position; nil if there is no whole one.
  private func read(at offset: Int) throws -> (items: Int, mark: UInt32, bytes: Data)? {
    var head = [UInt64](repeating: 0, count: Self.recordHead / 8)
    let size = head.withUnsafeMutableBytes {
      pread(descriptor, $0.baseAddress, $0.count, off_t(offset))
    }
    guard size == Self.recordHead, head[0] == Self.magic, head[1] < UInt64(Self.largestRecord),
      let items = Int(exactly: head[2])
    else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0,
      offset + Self.recordHead + Int(head[1]) <= Int(status.st_size)
    else { return nil }
    var bytes = Data(count: Int(head[1]))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(
          descriptor, $0.baseAddress! + done, $0.count - done,
          off_t(offset + Self.recordHead + done))
      }
      guard count > 0 else { return nil }
      done += count
    }
    let sum = Self.checksum(head, bytes)
    guard UInt32(truncatingIfNeeded: head[3] >> 32) == sum else { return nil }
    return (items, UInt32(truncatingIfNeeded: head[3]), bytes)
  }

  private static func checksum(_ head: [UInt64], _ bytes: some ContiguousBytes) -> UInt32 {
    let start = [head[1], head[2], head[3] & 0xFFFF_FFFF].withUnsafeBytes {
      ZipWriter.checksum($0)
    }
    return bytes.withUnsafeBytes { ZipWriter.checksum($0, after: start) }
  }

  /// Records that `items` items are finished, with the bytes that `fill` appends.
  package func append(items: Int, _ fill: (inout [UInt8]) -> Void) {
    put(items: items, mark: 0, fill)
    flush()
  }

  package func append(items: Int, _ bytes: [UInt8]) { append(items: items) { $0 += bytes } }

  /// Records that `items` items are finished, in place of all earlier records.
  ///
  /// The new record stands beside the last one until it is whole.
  package func replace(items: Int, _ bytes: [UInt8]) {
    let size = Self.recordHead + bytes.count
    // Two places take turns; a torn record leaves the other one.
    end = records % 2 == 0 ? headEnd : headEnd + size
    put(bytes, items: items, mark: 0)
    flush()
  }

  /// The last record of a journal of replaced ones, which stand in two places.
  package func latest() throws -> [UInt8]? {
    guard let head = try read(at: 0) else { return nil }
    headEnd = Self.recordHead + head.bytes.count
    var best: (items: Int, bytes: [UInt8])?
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    let size = Int(status.st_size) - headEnd
    for (number, place) in [headEnd, headEnd + size / 2].enumerated() {
      guard let record = try read(at: place), record.items > best?.items ?? 0 else { continue }
      best = (record.items, Array(record.bytes))
      // The next record goes to the other place.
      records = number + 1
    }
    items = best?.items ?? 0
    return best?.bytes
  }

  /// Whether it is time for a record of work that is expensive to record.
  package var isDue: Bool { (ContinuousClock.now - lastFlush) / .seconds(1) > Self.mostSeconds }

  /// Records, beside the run, that `items` items are finished once `synchronize` has returned.
  package func append(items: Int, after synchronize: @escaping @Sendable () -> Void) {
    lastFlush = .now
    guard isFlushing.wait(timeout: .now()) == .success else { return }
    queue.async { [self] in
      synchronize()
      put([], items: items, mark: 0)
      fdatasync(descriptor)
      isFlushing.signal()
    }
  }

  /// Records that the outputs get their names now; a resumed run may then replace them.
  package func markClosing() {
    queue.sync {}
    put([], items: items, mark: 1)
    fdatasync(descriptor)
  }

  /// Removes the journal: the run is complete, or nothing was done.
  package func remove() {
    queue.sync {}
    guard !isRemoved else { return }
    isRemoved = true
    unlink(place)
  }

  private func put(_ bytes: [UInt8], items: Int, mark: UInt32) {
    put(items: items, mark: mark) { $0 += bytes }
  }

  /// Writes a record whose bytes `fill` appends; the memory is reused.
  private func put(items: Int, mark: UInt32, _ fill: (inout [UInt8]) -> Void) {
    guard failure == nil else { return }
    record.removeAll(keepingCapacity: true)
    record.append(contentsOf: repeatElement(0, count: Self.recordHead))
    fill(&record)
    guard record.count < Self.largestRecord else { return }
    let length = record.count
    let sent = record.withUnsafeMutableBytes { raw in
      raw.storeBytes(of: Self.magic, as: UInt64.self)
      raw.storeBytes(of: UInt64(length - Self.recordHead), toByteOffset: 8, as: UInt64.self)
      raw.storeBytes(of: UInt64(items), toByteOffset: 16, as: UInt64.self)
      raw.storeBytes(of: mark, toByteOffset: 24, as: UInt32.self)
      let sum = ZipWriter.checksum(UnsafeRawBufferPointer(rebasing: raw[8...]))
      raw.storeBytes(of: sum, toByteOffset: 28, as: UInt32.self)
      var sent = 0
      while sent < length {
        let count = pwrite(descriptor, raw.baseAddress! + sent, length - sent, off_t(end + sent))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        sent += count
      }
      return sent
    }
    guard sent == length else {
      failure = OutputError(errno: errno, path: path)
      _ = ftruncate(descriptor, off_t(end))
      return
    }
    end += length
    records += 1
    self.items = max(self.items, items)
    unsynchronized += length
  }

  /// Sends the records to the disk now and then, beside the run.
  private func flush() {
    guard isDue || unsynchronized > Self.mostBytes,
      isFlushing.wait(timeout: .now()) == .success
    else { return }
    (lastFlush, unsynchronized) = (.now, 0)
    queue.async { [self] in
      fdatasync(descriptor)
      isFlushing.signal()
    }
  }
}

/// A run that cannot be resumed, because its settings or its movie are others now.
public struct JournalError: Fault {
  public let output: String
  public let key: String
  public let before: String
  public let now: String

  public var message: Message {
    "the interrupted run of \(output) had another \(key): \(before); now \(now)"
  }

  public var remedy: Message? {
    "repeat the command of that run with \(.resume), or start afresh without \(.resume)"
  }
}
