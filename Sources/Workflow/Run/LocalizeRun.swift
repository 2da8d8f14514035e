import Compute
import Dispatch
import Formats
import Foundation
import Localization
import Microscopy

/// A movie to a table: reading, computing and writing overlap, memory is bounded.
///
/// Three threads hand each other a fixed number of buffers. Where the device cannot do the work, the
/// whole plan moves to the CPU with one line that says why; the rows are the same.
public final class LocalizeRun {
  private let pipeline: LocalizationPipeline
  private let frames: Range<Int>
  private let reader: FrameReader
  private let note: (String) -> Void
  private var device: any Device
  private let threads: Int?
  private let profiling: Bool
  private let overlap: Int
  private var capacityPerFrame = 64
  private var ready: [Key: [any Executable]] = [:]
  private var report = LocalizeReport()

  private struct Key: Hashable {
    let shape: BatchShape
    let capacity: Int
  }

  /// A batch that the device is working on.
  private struct Flight {
    let batch: FrameBatch
    let key: Key
    let executable: any Executable
  }

  /// - Parameters:
  ///   - frames: frames of the movie to localize.
  ///   - region: pixels of the frame; positions in the table count from the movie's first pixel.
  ///   - batch: frames that travel together; nil for about a million pixels (sixteen on a GPU).
  ///   - note: receives lines that the user should see.
  /// - Throws: `SettingsError` where recipe, maps and movie do not fit.
  public init(
    _ movie: any Movie, recipe: Recipe, maps: CameraMaps?, frames: Range<Int>, region: PixelRegion,
    device: any Device, threads: Int? = nil, batch: Int? = nil, profiling: Bool = false,
    note: @escaping (String) -> Void
  ) throws {
    pipeline = try LocalizationPipeline(
      recipe.settings, camera: recipe.camera, maps: maps, width: region.width,
      height: region.height, pixel: movie.info.pixel, origin: (region.x, region.y))
    self.frames = frames
    self.device = device
    self.threads = threads
    self.profiling = profiling
    self.note = note
    overlap = device.info.kind == .cpu ? 1 : 2
    let pixels = device.info.kind == .openCLGPU ? 16 << 20 : 1 << 20
    let automatic = min(max(pixels / (region.width * region.height), 1), 1024)
    report.batch = max(1, min(batch ?? automatic, frames.count))
    reader = FrameReader(
      movie, frames: frames, region: region, batch: report.batch, halo: pipeline.halo,
      slots: overlap + 2)
  }

  /// The columns of the rows, in the order in which files show them.
  public var quantities: [Quantity] { pipeline.quantities }

  /// Localizes every frame and hands the rows to the writers, which the caller finishes.
  ///
  /// Returns early, with `interrupted` set, when the user asks to stop. Throws what reading,
  /// computing or writing throws; `framesSafe` then says how far the outputs are complete.
  public func run(into writers: [any TableWriter], progress: Progress) throws -> LocalizeReport {
    let start = DispatchTime.now().uptimeNanoseconds
    let rows = RowWriter(writers, empty: pipeline.emptyTable, slots: 3)
    defer { framesSafe = rows.framesSafe }
    reader.start()
    var flights: [Flight] = []
    do {
      while let batch = reader.filled.pop() {
        if Interrupt.requested { break }
        flights.append(try submit(batch))
        if flights.count == overlap { try land(flights.removeFirst(), rows, progress) }
      }
      while !flights.isEmpty && !Interrupt.requested {
        try land(flights.removeFirst(), rows, progress)
      }
    } catch {
      reader.stop()
      rows.drain()
      throw rows.error ?? error
    }
    reader.stop()
    rows.drain()
    if let error = rows.error ?? reader.error { throw error }
    progress.finish()
    report.interrupted = Interrupt.requested && rows.framesSafe < frames.count
    report.frames = rows.framesSafe
    report.seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    report.stages.read = reader.seconds
    report.stages.write = rows.seconds
    return finishedReport()
  }

  /// The last plan made, launch by launch.
  public private(set) var explanation = ""

  /// Frames of the run, from its first, whose rows are in the outputs.
  public private(set) var framesSafe = 0

  private func submit(_ batch: FrameBatch) throws -> Flight {
    let key = Key(shape: batch.shape, capacity: capacityPerFrame * batch.shape.frames)
    return try timed(\.compute) {
      try onDevice {
        let executable = try executable(for: key)
        try executable.write("frames", batch.filled)
        try executable.run()
        return Flight(batch: batch, key: key, executable: executable)
      }
    }
  }

  private func land(_ flight: Flight, _ writer: RowWriter, _ progress: Progress) throws {
    var flight = flight
    var total = try count(&flight)
    while total > flight.key.capacity {
      // More spots than the plan has room for: plan anew with more, and do this batch again.
      capacityPerFrame = max(
        capacityPerFrame * 2, (total * 5 / 4 + flight.key.shape.frames) / flight.key.shape.frames)
      release(flight)
      flight = try submit(flight.batch)
      total = try count(&flight)
    }
    guard var rows = writer.free.pop() else { throw writer.error ?? CancellationError() }
    try timed(\.compute) { try pipeline.receive(flight.executable, total: total) }
    timed(\.collect) {
      report.saturated += pipeline.collect(
        first: flight.batch.frames.lowerBound, into: &rows.table, dropped: &report.dropped)
    }
    report.fits += total
    report.localizations += rows.table.count
    rows.framesDone = flight.batch.frames.upperBound - frames.lowerBound
    release(flight)
    reader.free.push(flight.batch)
    let done = rows.framesDone
    guard writer.push(rows) else { throw writer.error ?? CancellationError() }
    progress.update(done, note: "  \(self.report.localizations) localizations")
  }

  /// The number of spots found; a device that fails now hands the batch to the CPU.
  private func count(_ flight: inout Flight) throws -> Int {
    try timed(\.compute) {
      do {
        return try pipeline.total(flight.executable)
      } catch let error as DeviceError where device.info.kind != .cpu {
        moveToCPU(error)
        flight = try submit(flight.batch)
        return try pipeline.total(flight.executable)
      }
    }
  }

  private func executable(for key: Key) throws -> any Executable {
    if let executable = ready[key]?.popLast() { return executable }
    let plan = try Plan(pipeline.graph(key.shape, capacity: key.capacity), for: device.info)
    report.arenaBytes = max(report.arenaBytes, plan.arena.bytes)
    explanation = plan.explain()
    return try device.compile(plan, profiling: profiling)
  }

  /// Keeps an executable for the next batch of its shape; those of outgrown capacity go.
  private func release(_ flight: Flight) {
    guard flight.key.capacity == capacityPerFrame * flight.key.shape.frames else {
      remember(flight.executable)
      return
    }
    ready[flight.key, default: []].append(flight.executable)
  }

  /// Does `work`; where the device cannot, moves everything to the CPU and does it there.
  private func onDevice<Result>(_ work: () throws -> Result) throws -> Result {
    do { return try work() } catch where device.info.kind != .cpu
      && (error is DeviceError || error is PlanError)
    {
      moveToCPU(error)
      return try work()
    }
  }

  private func moveToCPU(_ error: any Error) {
    let reason = "\(error)".split(separator: "\n").first ?? ""
    let line = "\(device.info.name) cannot do this, so the CPU does: \(reason)"
    note(line)
    report.notes.append(line)
    forgetExecutables()
    device = CPUDevice(threads: threads)
  }

  private func forgetExecutables() {
    for executable in ready.values.joined() { remember(executable) }
    ready = [:]
  }

  /// Adds an executable's launch times to the report before it goes.
  private func remember(_ executable: any Executable) {
    for row in executable.profile {
      if let place = report.profile.firstIndex(where: { $0.op == row.op }) {
        report.profile[place].seconds += row.seconds
        report.profile[place].runs += row.runs
      } else {
        report.profile.append(row)
      }
    }
  }

  private func finishedReport() -> LocalizeReport {
    forgetExecutables()
    report.device = "\(device.info.name): \(device.info.hardware), \(device.info.driver)"
    report.peakMemoryBytes = peakResidentBytes()
    if report.seconds > 0 { report.framesPerSecond = Double(report.frames) / report.seconds }
    let fitting = report.profile.filter { $0.op.hasPrefix("fit") || $0.op.hasPrefix("assess") }
      .reduce(0) { $0 + $1.seconds }
    if fitting > 0 { report.fitsPerSecond = Double(report.fits) / fitting }
    return report
  }

  private func timed<Result>(
    _ stage: WritableKeyPath<LocalizeReport.Stages, Double>, _ work: () throws -> Result
  ) rethrows -> Result {
    let start = DispatchTime.now().uptimeNanoseconds
    defer {
      report.stages[keyPath: stage] +=
        Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    }
    return try work()
  }
}
