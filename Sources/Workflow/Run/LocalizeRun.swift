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
  private var capacityPerFrame: Int
  /// The shape of all batches but those at the ends.
  private let steady: BatchShape
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
    let device: DeviceInfo
  }

  /// - Parameters:
  ///   - frames: frames of the movie to localize.
  ///   - region: pixels of the frame; positions in the table count from the movie's first pixel.
  ///   - batch: frames that travel together; nil for about a million pixels (sixteen on a GPU).
  ///   - note: receives lines that the user should see.
  ///   - capacity: spots per frame that there is room for at first; more make a larger plan.
  /// - Throws: `SettingsError` where recipe, maps and movie do not fit.
  public init(
    _ movie: any Movie, recipe: Recipe, maps: CameraMaps?, frames: Range<Int>, region: PixelRegion,
    device: any Device, threads: Int? = nil, batch: Int? = nil, capacity: Int = 64,
    profiling: Bool = false, note: @escaping (String) -> Void
  ) throws {
    pipeline = try LocalizationPipeline(
      recipe.settings, camera: recipe.camera, maps: maps, width: region.width,
      height: region.height, pixel: movie.info.pixel, origin: (region.x, region.y))
    self.frames = frames
    self.device = device
    self.threads = threads
    self.profiling = profiling
    self.note = note
    capacityPerFrame = capacity
    overlap = device.info.kind == .cpu ? 1 : 2
    let slots = overlap + 2
    let pixels = device.info.kind == .openCLGPU ? 16 << 20 : 1 << 20
    let automatic = min(max(pixels / (region.width * region.height), 1), 1024)
    report.batch = max(1, min(batch ?? automatic, frames.count))
    steady = BatchShape(
      leading: pipeline.halo, frames: report.batch, trailing: pipeline.halo)
    try Self.checkRoom(for: steady, of: region, slots: slots, pixel: movie.info.pixel)
    reader = FrameReader(
      movie, frames: frames, region: region, batch: report.batch, halo: pipeline.halo, slots: slots)
  }

  /// Kernels count pixels in 32 bits, and memory has an end.
  private static func checkRoom(
    for shape: BatchShape, of region: PixelRegion, slots: Int, pixel: PixelType
  ) throws(SettingsError) {
    let pixels = shape.total * region.width * region.height
    let bytes = pixels * (slots * pixel.bytes + 2 * PixelType.float32.bytes)
    guard pixels <= 1 << 30, bytes <= ProcessInfo.processInfo.physicalMemory else {
      throw SettingsError(
        "a batch of \(shape.total) frames of \(region.width)×\(region.height) px is too large: "
          + "about \(bytes >> 20) MiB",
        hint: "use a smaller --batch, a smaller --roi or a shorter median window")
    }
  }

  /// The columns of the rows, in the order in which files show them.
  public var quantities: [Quantity] { pipeline.quantities }

  /// Localizes every frame and hands the rows to the writers, which the caller finishes.
  ///
  /// Returns early, with `interrupted` set, when the user asks to stop. Throws what reading,
  /// computing or writing throws; `framesSafe` then says how far each output is complete.
  public func run(into writers: [any TableWriter], progress: Progress) throws -> LocalizeReport {
    let start = DispatchTime.now().uptimeNanoseconds
    let rows = RowWriter(writers, empty: pipeline.emptyTable, slots: 3)
    defer { framesSafe = rows.framesSafe }
    reader.start()
    var flights: [Flight] = []
    do {
      while let batch = reader.filled.pop() {
        if Interrupt.requested { break }
        flights.append(try timed(\.compute) { try submit(batch) })
        if flights.count == overlap { try land(flights.removeFirst(), rows, progress) }
      }
      while !flights.isEmpty && !Interrupt.requested {
        try land(flights.removeFirst(), rows, progress)
      }
    } catch {
      progress.finish()
      reader.stop()
      rows.drain()
      throw rows.error ?? error
    }
    progress.finish()
    reader.stop()
    rows.drain()
    if let error = rows.error ?? reader.error { throw error }
    report.interrupted = Interrupt.requested && landed < frames.count
    report.frames = landed
    report.seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    report.stages.read = reader.seconds
    report.stages.write = rows.seconds
    if let line = reader.notNumbers {
      note(line)
      report.notes.append(line)
    }
    return finishedReport()
  }

  /// The last plan made, launch by launch.
  public private(set) var explanation = ""

  /// For each writer, the frames of the run, from its first, whose rows it has.
  public private(set) var framesSafe: [Int] = []

  /// Frames whose rows were handed to the writers.
  private var landed = 0

  /// What computes now, in words.
  public var deviceName: String {
    "\(device.info.name): \(device.info.hardware), \(device.info.driver)"
  }

  /// Starts the device on a batch; where it cannot, everything moves to the CPU.
  private func submit(_ batch: FrameBatch) throws -> Flight {
    let key = Key(shape: batch.shape, capacity: capacityPerFrame * batch.shape.frames)
    while true {
      do {
        let executable = try executable(for: key)
        try executable.write("frames", batch.filled)
        try executable.run()
        return Flight(batch: batch, key: key, executable: executable, device: device.info)
      } catch  where error is DeviceError || error is PlanError {
        try moveToCPU(from: device.info, error)
      }
    }
  }

  /// Waits for a batch and hands its rows to the writer.
  private func land(_ flight: Flight, _ writer: RowWriter, _ progress: Progress) throws {
    guard var rows = writer.free.pop() else { throw writer.error ?? CancellationError() }
    let (flight, total) = try timed(\.compute) { try fetch(flight) }
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
    landed = done
    progress.update(done, note: "  \(self.report.localizations) localizations")
  }

  /// Fetches a batch's rows. A batch with more spots than its plan has room for is done again with a
  /// larger plan, one whose device failed is done again on the CPU.
  private func fetch(_ first: Flight) throws -> (Flight, total: Int) {
    var flight = first
    while true {
      do {
        let total = try pipeline.total(flight.executable)
        if total <= flight.key.capacity {
          try pipeline.receive(flight.executable, total: total)
          return (flight, total)
        }
        let shape = flight.key.shape
        capacityPerFrame = max(
          capacityPerFrame * 2, (total * 5 / 4 + shape.frames) / shape.frames)
        release(flight)
      } catch let error as DeviceError {
        try moveToCPU(from: flight.device, error)
      }
      flight = try submit(flight.batch)
    }
  }

  private func executable(for key: Key) throws -> any Executable {
    if let executable = ready[key]?.popLast() { return executable }
    let plan = try Plan(pipeline.graph(key.shape, capacity: key.capacity), for: device.info)
    report.arenaBytes = max(report.arenaBytes, plan.arena.bytes)
    explanation = plan.explain()
    return try device.compile(plan, profiling: profiling)
  }

  /// Keeps an executable for the next batch of its kind. Those of outgrown capacity, of a device that
  /// failed and of the shapes at the movie's ends go, so that memory stays bounded.
  private func release(_ flight: Flight) {
    guard flight.key.capacity == capacityPerFrame * flight.key.shape.frames,
      flight.key.shape == steady, flight.device == device.info
    else {
      remember(flight.executable)
      return
    }
    ready[flight.key, default: []].append(flight.executable)
  }

  /// Leaves a device that failed, and says so once. Throws `error` where the CPU itself failed.
  private func moveToCPU(from failed: DeviceInfo, _ error: any Error) throws {
    guard failed.kind != .cpu else { throw error }
    guard failed == device.info else { return }
    let reason = "\(error)".split(separator: "\n").first ?? ""
    let line = "\(failed.name) cannot do this, so the CPU does: \(reason)"
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
    report.device = deviceName
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
