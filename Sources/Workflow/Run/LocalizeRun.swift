import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Reporting

/// A movie to a table: reading, computing and writing overlap, memory is bounded.
///
/// Three threads hand each other a fixed number of buffers; in steady state none allocates. Where the
/// device cannot do the work, whole plans move to the CPU with one line that says why; the rows are
/// the same.
public final class LocalizeRun {
  private let frames: Range<Int>
  private let reader: FrameReader
  private let computer: BatchComputer
  private let notes: Notes
  /// Batches that the device has at a time.
  private let overlap: Int
  private var tally = SpotTally()
  private var report = LocalizeReport()

  /// - Parameters:
  ///   - pipeline: made for the region's size and the movie's pixel.
  ///   - frames: frames of the movie to localize.
  ///   - region: pixels of the frame; positions in the table count from the movie's first pixel.
  ///   - batch: frames that travel together; nil leaves it to the pipeline.
  ///   - note: receives lines that the user should see.
  ///   - capacity: spots per frame that there is room for at first; more make a larger plan.
  /// - Throws: `SettingsError` where a batch is too large.
  public init(
    _ movie: any Movie, pipeline: any FramePipeline, frames: Range<Int>, region: PixelRegion,
    device: any Device, threads: Int? = nil, batch: Int? = nil, capacity: Int = 64,
    profiling: Bool = false, note: @escaping (String) -> Void
  ) throws {
    self.frames = frames
    let notes = Notes(note)
    self.notes = notes
    overlap = pipeline.overlap(on: device.info)
    let slots = overlap + 2
    let halo = pipeline.halo
    report.batch = max(1, min(batch ?? pipeline.batch(on: device.info), frames.count))
    let steady = BatchShape(leading: halo, frames: report.batch, trailing: halo)
    try Self.checkRoom(for: steady, of: region, slots: slots, pixel: movie.info.pixel)
    reader = FrameReader(
      movie, frames: frames, region: region, batch: report.batch, halo: halo, slots: slots)
    computer = BatchComputer(
      pipeline, steady: steady, capacity: capacity,
      on: Fallback(from: device, to: CPUDevice(threads: threads), report: notes.add),
      profiling: profiling)
  }

  /// Kernels count pixels in 32 bits, and memory has an end.
  private static func checkRoom(
    for shape: BatchShape, of region: PixelRegion, slots: Int, pixel: PixelType
  ) throws(SettingsError) {
    let pixels = shape.total * region.width * region.height
    let bytes = pixels * (slots * pixel.bytes + 2 * PixelType.float32.bytes)
    guard pixels <= 1 << 30, bytes <= ProcessInfo.processInfo.physicalMemory else {
      throw SettingsError(
        "a batch of \(shape.total) frames of \(region.width)×\(region.height) px is too large: about \(bytes >> 20) MiB",
        hint: "use a smaller --batch, a smaller --roi or a shorter median window")
    }
  }

  /// The columns of the rows, in the order in which files show them.
  public var quantities: [Quantity] { computer.pipeline.quantities }

  /// The last plan made, launch by launch.
  public var explanation: String { computer.explanation }

  /// What computes now, in words.
  public var deviceName: String { computer.device.title }

  /// For each writer, the frames of the run, from its first, whose rows it has.
  public private(set) var framesSafe: [Int] = []

  /// Localizes every frame and hands the rows to the writers, which the caller finishes.
  ///
  /// Returns early, with `interrupted` set, when the user asks to stop. Throws what reading,
  /// computing or writing throws; `framesSafe` then says how far each output is complete.
  public func run(into writers: [any TableWriter], progress: Progress) throws -> LocalizeReport {
    let start = SteadyClock.seconds
    let rows = RowWriter(writers, empty: computer.pipeline.emptyTable, slots: 3)
    defer { framesSafe = rows.framesSafe }
    reader.start()
    let failure = Result {
      do { try compute(rows, progress) } catch is Interrupted {}
    }
    progress.finish()
    reader.stop()
    rows.drain()
    if let error = rows.error { throw error }
    try failure.get()
    if let error = reader.error { throw error }
    report.interrupted = Interrupt.requested && report.frames < frames.count
    report.seconds = SteadyClock.seconds - start
    report.stages.read = reader.seconds
    report.stages.write = rows.seconds
    if let line = reader.notNumbers { notes.add(line) }
    return finishedReport()
  }

  /// Takes batches from the reader, through the device, to the writer.
  private func compute(_ rows: RowWriter, _ progress: Progress) throws {
    var flights: [BatchComputer.Flight] = []
    flights.reserveCapacity(overlap)
    while let batch = reader.filled.pop() {
      if Interrupt.requested { return }
      let start = SteadyClock.seconds
      flights.append(try computer.submit(batch) { try tell($0, of: batch, progress) })
      report.stages.compute += SteadyClock.seconds - start
      if flights.count == overlap { try landFirst(of: &flights, rows, progress) }
    }
    while !flights.isEmpty && !Interrupt.requested {
      try landFirst(of: &flights, rows, progress)
    }
  }

  /// Waits for a batch and hands its rows to the writer.
  private func landFirst(
    of flights: inout [BatchComputer.Flight], _ writer: RowWriter, _ progress: Progress
  ) throws {
    guard let rows = writer.free.pop() else { throw writer.error ?? CancellationError() }
    let start = SteadyClock.seconds
    var flight = flights.removeFirst()
    let batch = flight.batch
    report.fits += try computer.receive(&flight) { try tell($0, of: batch, progress) }
    let received = SteadyClock.seconds
    computer.pipeline.collect(
      first: batch.frames.lowerBound, into: &rows.table, tally: &tally)
    report.stages.compute += received - start
    report.stages.collect += SteadyClock.seconds - received
    let (found, done) = (rows.table.count, batch.frames.upperBound - frames.lowerBound)
    rows.framesDone = done
    reader.free.push(batch)
    guard writer.push(rows) else { throw writer.error ?? CancellationError() }
    report.localizations += found
    report.frames = done
    tell(done, progress)
  }

  /// What a long batch asks meanwhile: whether to go on, with a word on how far it is.
  private func tell(_ part: Double, of batch: FrameBatch, _ progress: Progress) throws {
    if Interrupt.requested { throw Interrupted() }
    let before = batch.frames.lowerBound - frames.lowerBound
    tell(before + Int(part * Double(batch.frames.count)), progress)
  }

  private func tell(_ done: Int, _ progress: Progress) {
    progress.update(done, note: "  \(report.localizations) localizations")
  }

  private func finishedReport() -> LocalizeReport {
    computer.finish()
    report.dropped = tally.dropped
    report.saturated = tally.saturated
    report.notes = notes.lines
    report.profile = computer.profile
    report.arenaBytes = computer.arenaBytes
    report.device = deviceName
    report.peakMemoryBytes = peakResidentBytes()
    if report.seconds > 0 { report.framesPerSecond = Double(report.frames) / report.seconds }
    let fitting = report.profile.filter { $0.op.hasPrefix("fit") || $0.op.hasPrefix("assess") }
      .reduce(0) { $0 + $1.seconds }
    if fitting > 0 { report.fitsPerSecond = Double(report.fits) / fitting }
    return report
  }
}

/// Lines that the user was told during a run.
private final class Notes {
  private(set) var lines: [String] = []
  private let tell: (String) -> Void

  init(_ tell: @escaping (String) -> Void) { self.tell = tell }

  func add(_ line: String) {
    tell(line)
    lines.append(line)
  }
}
