import Formats
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct JournalTests {
  private let head = ["recipe": "a: 1\nb: 2", "movie": "m.tif"]

  /// A journal with three records of growing length.
  private func write(_ path: String, keeps: Journal.Records = .all) throws {
    let journal = try Journal(
      of: path, head: head, keeps: keeps, resuming: false, observer: Unobserved())
    try journal.begin()
    for number in 1...3 {
      let bytes = [UInt8](repeating: UInt8(number), count: keeps == .all ? 100 * number : 100)
      if keeps == .all {
        journal.append(items: 10 * number, bytes)
      } else {
        journal.replace(items: 10 * number, bytes)
      }
    }
  }

  private func records(_ journal: Journal) throws -> [Int] {
    var sizes: [Int] = []
    try journal.replay { sizes.append($0.count) }
    return sizes
  }

  /// However much a power cut leaves, the records before the cut are used.
  @Test func torn() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.csv")
    try write(path)
    let file = folder.file(".a.csv.glint-journal")
    let whole = try Data(contentsOf: URL(fileURLWithPath: file))
    var seen: Set<Int> = []
    for length in stride(from: 0, through: whole.count, by: 7) {
      try whole.prefix(length).write(to: URL(fileURLWithPath: file))
      let journal = try Journal(
        of: path, head: head, resuming: true, observer: Unobserved())
      try journal.begin()
      #expect(try records(journal) == Array([100, 200, 300].prefix(journal.done / 10)))
      seen.insert(journal.done)
      // It goes on behind the last whole record.
      journal.append(items: journal.done + 1, [1])
      #expect(try records(journal).last == 1)
    }
    #expect(seen.isSuperset(of: [0, 10, 20]))
    try whole.write(to: URL(fileURLWithPath: file))
    let journal = try Journal(of: path, head: head, resuming: true, observer: Unobserved())
    #expect(journal.done == 30)
    journal.remove()
    #expect(folder.contents == [])
  }

  /// A changed byte is noticed.
  @Test func damaged() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.csv")
    try write(path)
    let file = folder.file(".a.csv.glint-journal")
    var whole = try Data(contentsOf: URL(fileURLWithPath: file))
    whole[whole.count - 150] ^= 1
    try whole.write(to: URL(fileURLWithPath: file))
    let journal = try Journal(of: path, head: head, resuming: true, observer: Unobserved())
    #expect(try records(journal) == [100, 200])
    #expect(journal.done == 20)
  }

  /// Of records that replace each other, the last whole one counts.
  @Test func replaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.tif")
    try write(path, keeps: .last)
    let file = folder.file(".a.tif.glint-journal")
    var whole = try Data(contentsOf: URL(fileURLWithPath: file))
    do {
      let journal = try Journal(
        of: path, head: head, keeps: .last, resuming: true, observer: Unobserved())
      #expect(journal.done == 30)
      #expect(try journal.latest() == Array(repeating: 3, count: 100))
    }
    // The third one stands in the first place; without it the second one counts.
    whole[whole.count - 140] ^= 1
    try whole.write(to: URL(fileURLWithPath: file))
    let journal = try Journal(
      of: path, head: head, keeps: .last, resuming: true, observer: Unobserved())
    #expect(journal.done == 20)
    #expect(try journal.latest() == Array(repeating: 2, count: 100))
  }

  @Test func otherRuns() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.csv")
    try write(path)
    var other = head
    other["recipe"] = "a: 1\nb: 3"
    let complaint = words {
      _ = try Journal(of: path, head: other, resuming: true, observer: Unobserved())
    }
    #expect(complaint.contains("had another recipe: b: 2; now b: 3"), "\(complaint)")
    let notes = Notes()
    do {
      // A run that cannot begin leaves the interrupted one as it is.
      _ = try Journal(of: path, head: other, resuming: false, observer: notes)
      #expect(try Journal(of: path, head: head, resuming: true, observer: notes).done == 30)
      #expect(notes.lines.isEmpty)
      let journal = try Journal(of: path, head: other, resuming: false, observer: notes)
      try journal.begin()
      #expect(notes.lines.contains { $0.contains("is replaced") })
      #expect(throws: OutputError.busy(path: path)) {
        try Journal(of: path, head: other, resuming: false, observer: notes)
      }
      #expect(journal.done == 0)
    }
    #expect(folder.contents == [])
    _ = try Journal(of: path, head: other, resuming: true, observer: notes)
    #expect(notes.lines.contains { $0.contains("no interrupted run") })
  }
}
