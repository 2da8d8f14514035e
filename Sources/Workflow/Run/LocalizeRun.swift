import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Reporting

/// Localizes a movie: a run with its sinks and its report.
package final class LocalizeRun {
  private let movie: any Movie
  private let stage: any RowStage
  private let frames: Range<Int>
  /// Frames at the start that an interrupted run has finished.
  private let finished: Int
  private let region: PixelRegion
  private let run: Run<Rows>
  private let notes: NoteKeeper

  /// - Parameters:
  ///   - stage: a stage made for the region's size and the movie's pixel type.
  ///   - frames: frames of the movie to localize.
  ///   - finished: the number of frames at the start that an interrupted run has finished.
  ///   - region: region of the frame; positions in the table are relative to the movie's first
  ///     pixel.
  ///   - devices: the devices to use in parallel.
  ///   - threads: number of threads of the CPU that takes over if a device fails.
  ///   - batch: frames per batch; nil lets the stage choose.
  ///   - capacity: initial capacity, in spots per frame; the plan grows if there are more.
  /// - Throws: `SettingsError` if a batch is too large.
  package init(
    _ movie: any Movie, stage: any RowStage, frames: Range<Int>, finished: Int = 0,
    region: PixelRegion, devices: [any Device], threads: Int? = nil, batch: Int? = nil,
    capacity: Int = 64,
    profiling: Bool = false, observer: any Observer = Unobserved(),
    cancellation: Cancellation = Cancellation()
  ) throws {
    self.movie = movie
    self.stage = stage
    self.frames = frames
    self.finished = finished
    self.region = region
    notes = NoteKeeper(observer)
    run = try Run(
      stage.asStage, on: devices, spare: CPUDevice(threads: threads),
      items: frames.count - finished,
      batch: batch.map { max(1, min($0, frames.count - finished)) }, room: capacity,
      profiling: profiling,
      observer: notes, cancellation: cancellation)
    try checkRoom()
  }

  /// Kernels count pixels in 32 bits, and memory is limited.
  private func checkRoom() throws(SettingsError) {
    let total = run.batch + 2 * stage.halo
    let pixels = total * region.width * region.height
    let bytes = pixels * (run.slots * movie.info.pixel.bytes + 2 * PixelType.float32.bytes)
    guard pixels <= 1 << 30, bytes <= ProcessInfo.processInfo.physicalMemory else {
      throw SettingsError(
        """
        a batch of \(total) frames of \(region.width)×\(region.height) px is too large: about \
        \(bytes >> 20) MiB
        """,
        hint: "use a smaller \(.batch), a smaller \(.roi) or a shorter median window")
    }
  }

  /// The columns of the rows, in file order.
  package var quantities: [Quantity] { stage.quantities }

  /// The last plan, launch by launch.
  package var explanation: String { run.record.explanation }

  /// A description of the devices in use.
  package var deviceName: String { run.deviceName }

  /// For each writer, the number of frames from the start of the run whose rows it has received.
  package private(set) var framesSafe: [Int] = []

  /// Localizes every frame and passes the rows to the writers, which the caller finishes.
  ///
  /// With a journal, the rows are recorded there too, and those of an interrupted run come first.
  ///
  /// If cancelled, returns early with `interrupted` set. Rethrows errors of reading, computing and
  /// writing; `framesSafe` then states how far each output is complete.
  package func run(
    into writers: [any TableWriter], journal: Journal? = nil
  ) throws -> LocalizeReport {
    let source = FrameSource(
      movie, frames: frames.dropFirst(finished), region: region, batch: run.batch, halo: stage.halo)
    let count = RowCount()
    let records = journal.map { RowJournal($0, quantities, frames: frames, finished: finished) }
    try records?.replay(into: writers, count)
    framesSafe = writers.map { _ in finished }
    defer { framesSafe = run.safe.prefix(writers.count).map { finished + $0 } }
    let crowd = stage.disturbance.map { CrowdCount(reach: $0) }
    var sinks: [any Sink<Rows>] = writers.map { TableSink($0) } + [count]
    if let crowd { sinks.append(crowd) }
    let trust = stage.independentAfter.map { RowTrust(gap: $0) }
    if let trust { sinks.append(trust) }
    let summary = try run.run(from: source, into: sinks + (records.map { [$0] } ?? []))
    if let line = source.notNumbers { notes.note(Message(line)) }
    if let remark = crowd?.remark { notes.note(remark) }
    return report(summary, count, trust?.report)
  }

  private func report(
    _ summary: Run<Rows>.Summary, _ count: RowCount, _ trust: TrustReport?
  ) -> LocalizeReport {
    var report = LocalizeReport()
    report.trust = trust
    report.frames = finished + summary.items
    report.localizations = count.rows
    report.fits = count.spots
    report.dropped = count.tally.dropped
    report.saturated = count.tally.saturated
    report.seconds = summary.seconds
    report.stages.read = summary.reading
    report.stages.compute = summary.computing - count.seconds
    report.stages.collect = count.seconds
    report.stages.write = summary.writing
    report.interrupted = summary.interrupted
    report.batch = run.batch
    report.notes = notes.lines
    report.profile = run.record.profile
    report.arenaBytes = run.record.arenaBytes
    report.device = deviceName
    report.peakMemoryBytes = peakResidentBytes()
    if report.seconds > 0 { report.framesPerSecond = Double(report.frames) / report.seconds }
    let fitting = report.profile.filter { $0.op.hasPrefix("fit") || $0.op.hasPrefix("assess") }
      .reduce(0) { $0 + $1.seconds }
    if fitting > 0 { report.fitsPerSecond = Double(report.fits) / fitting }
    return report
  }
}

/// Forwards everything and keeps the notes for a report.
///
/// `@unchecked Sendable`: a lock guards the lines.
private final class NoteKeeper: Observer, @unchecked Sendable {
  private let observer: any Observer
  private let lock = NSLock()
  private var kept: [String] = []

  init(_ observer: any Observer) { self.observer = observer }

  var lines: [String] { lock.withLock { kept } }

  func note(_ line: Message) {
    observer.note(line)
    lock.withLock { kept.append(line.text()) }
  }

  func progress(_ progress: RunProgress) { observer.progress(progress) }
}
