import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Reporting
import Synchronization
import TestSupport
import Testing
import Workflow

/// The run itself: order, several workers, sources that wait, early termination.
@Suite struct RunTests {
  private static let cpu = CPUDevice(threads: 1)

  private func run(
    _ stage: EchoStage, workers: Int = 1, items: Int = 100, batch: Int = 7,
    observer: any Observer = Unobserved(), cancellation: Cancellation = Cancellation()
  ) throws -> Run<Echo> {
    try Run(
      stage, on: Array(repeating: Self.cpu as any Device, count: workers), items: items,
      batch: batch, observer: observer, cancellation: cancellation)
  }

  @Test(arguments: [1, 2, 5])
  func productsComeInOrder(_ workers: Int) throws {
    let notes = Notes()
    let sink = EchoSink()
    let summary = try run(EchoStage(naps: true), workers: workers, observer: notes)
      .run(from: CountingSource(100, batch: 7), into: [sink])
    #expect(sink.items == Array(0..<100))
    #expect(summary.items == 100 && !summary.interrupted)
    #expect(zip(notes.progress, notes.progress.dropFirst()).allSatisfy { $0.done <= $1.done })
    #expect(notes.progress.first?.done == 0 && notes.progress.last?.done == 100)
    #expect(notes.progress.last?.found == 200)
  }

  /// A source may not know its final length yet, and let the run wait.
  @Test func aGrowingSource() throws {
    let source = CountingSource(100, batch: 7, pause: 0.002)
    let sink = EchoSink()
    let summary = try run(EchoStage(), workers: 2).run(from: source, into: [sink])
    #expect(sink.items == Array(0..<100) && summary.items == 100)
    #expect(summary.reading > 14 * 0.002)
  }

  @Test func cancellingASourceThatWaits() throws {
    let cancellation = Cancellation()
    let sink = EchoSink { if $0 == 21 { cancellation.cancel() } }
    let run = try run(EchoStage(), workers: 2, cancellation: cancellation)
    let summary = try run.run(
      from: CountingSource(100, batch: 7, waitsForeverAt: 28), into: [sink])
    #expect(summary.interrupted && summary.items == sink.items.count)
    #expect(sink.items == Array(0..<summary.items) && summary.items >= 21)
    #expect(!cancellation.isWatched)
  }

  @Test(arguments: [1, 3])
  func anErrorKeepsWhatCameBefore(_ workers: Int) throws {
    for stage in [EchoStage(failsAt: 35), EchoStage(naps: true, failsAt: 35)] {
      let sink = EchoSink()
      let run = try run(stage, workers: workers)
      #expect(throws: EchoStage.Failure.self) {
        try run.run(from: CountingSource(100, batch: 7), into: [sink])
      }
      #expect(run.safe == [sink.items.count] && sink.items.count <= 35)
      #expect(sink.items == Array(0..<sink.items.count))
      if workers == 1 { #expect(sink.items.count == 35) }
    }
  }

  @Test func anErrorOfTheSource() throws {
    let sink = EchoSink()
    let run = try run(EchoStage(naps: true), workers: 3)
    #expect(throws: EchoStage.Failure.self) {
      try run.run(from: CountingSource(100, batch: 7, failsAt: 49), into: [sink])
    }
    #expect(run.safe == [49] && sink.items == Array(0..<49))
  }

  @Test(arguments: [1, 3])
  func aSinkThatFailsEndsTheRun(_ workers: Int) throws {
    let (first, second) = (EchoSink(), EchoSink { if $0 == 42 { throw EchoStage.Failure() } })
    let run = try run(EchoStage(naps: true), workers: workers, items: 10_000)
    #expect(throws: EchoStage.Failure.self) {
      try run.run(from: CountingSource(10_000, batch: 7), into: [first, second])
    }
    #expect(run.safe == [42, 35])
  }

  /// If there are more entries than room, they are computed again, at most once per worker.
  @Test func roomGrows() throws {
    let stage = EchoStage(entries: 1000)
    let sink = EchoSink()
    _ = try run(stage, workers: 2).run(from: CountingSource(100, batch: 7), into: [sink])
    #expect(sink.items == Array(0..<100))
    #expect(stage.computed.load(ordering: .relaxed) <= 15 + 2)
  }

  /// Two CPUs in parallel, the second one slow: the files are the same, byte for byte.
  @Test func severalDevicesMakeTheSameFiles() throws {
    let movie = try smallMovie(frames: 60)
    let devices: [[any Device]] = [
      [CPUDevice(threads: 1)], [CPUDevice(threads: 1), CPUDevice(threads: 1)],
      [CPUDevice(threads: 1), SlowDevice(), CPUDevice(threads: 1)],
    ]
    var files: [[String: Data]] = []
    var hdf5: [[String]] = []
    for devices in devices {
      try withScratchFolder { folder in
        let names = ["locs.csv", "locs.hdf5"]
        let report = try LocalizeJob(
          source: movie, recipe: smallRecipe(), maps: nil, devices: devices,
          outputs: names.map { folder.appendingPathComponent($0).path }, batch: 4
        ).run()
        #expect(report.localizations > 100)
        var found: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
          found[name] = try Data(contentsOf: folder.appendingPathComponent(name))
        }
        // HDF5 writes the time of day into its data sets.
        found["locs.hdf5"] = nil
        files.append(found)
        hdf5.append(
          Outcome.rows(of: try Tables.read(folder.appendingPathComponent("locs.hdf5").path)))
      }
    }
    #expect(files[0].count == 3)
    for other in files.dropFirst() {
      for (name, bytes) in files[0] { #expect(other[name] == bytes, "\(name)") }
    }
    #expect(hdf5[0].count > 100 && hdf5.allSatisfy { $0 == hdf5[0] })
  }

  /// A network that uses neighbouring frames continues from batch to batch only with one worker;
  /// two workers give the same bits.
  @Test func severalDevicesWithANetwork() throws {
    try withScratchFolder { folder in
      let movie = try smallMovie()
      var system = DECODE()
      system.features = 4
      system.scaling = InputScaling(scale: 0.01, shift: -0.2)
      system.results = DECODE.ResultScale(photons: 5000, z: 900, background: 200)
      let path = folder.appendingPathComponent("weights.safetensors").path
      try SafeTensors.write(
        try Model(system, system.network.randomWeights(seed: 6)).file, to: path)
      var recipe = smallRecipe()
      var network = NetworkSettings(weights: path)
      network.threshold = 0.8
      recipe.network = network
      let own = try localize(movie, recipe, on: Self.cpu, batch: 4)
      let other = try localize(movie, recipe, on: Self.cpu, SlowDevice(), batch: 4)
      #expect(own.table.count > 50)
      #expect(other.rows == own.rows)
    }
  }

  /// One of two devices fails in the middle: its work moves to the CPU, with one line of notice.
  @Test(arguments: UnwellDevice.Call.allCases, [1, 3])
  func oneOfTwoDevicesFails(_ call: UnwellDevice.Call, time: Int) throws {
    let movie = try smallMovie(frames: 60)
    let own = try localize(movie, smallRecipe(), batch: 3)
    let other = try localize(
      movie, smallRecipe(), on: UnwellDevice(at: call, time: time), Self.cpu, batch: 3, capacity: 2)
    #expect(other.rows == own.rows)
    #expect(other.notes.count <= 1, "\(other.notes)")
    if time == 1 { #expect(other.notes.count == 1 && other.report.device.hasPrefix("cpu: ")) }
  }
}

/// Items that a worker reports as seen.
final class Echo: @unchecked Sendable {
  fileprivate(set) var items: [Int] = []
}

/// Returns items, some batches later than others.
private final class EchoStage: Stage {
  struct Failure: Error {}

  let naps: Bool
  let failsAt: Int?
  /// Entries of a batch.
  let entries: Int
  let computed = Atomic<Int>(0)
  let halo = 0

  init(naps: Bool = false, failsAt: Int? = nil, entries: Int = 2) {
    self.naps = naps
    self.failsAt = failsAt
    self.entries = entries
  }

  func workers(on device: DeviceInfo) -> Int { 1 }
  func product() -> Echo { Echo() }

  func worker(
    on device: any Device, batch: Int?, items: Int, profiling: Bool, cancellation: Cancellation
  ) -> any Worker<Echo> {
    EchoWorker(self, batch: batch ?? 1)
  }
}

private final class EchoWorker: Worker {
  let batch: Int
  private let stage: EchoStage

  init(_ stage: EchoStage, batch: Int) {
    self.stage = stage
    self.batch = batch
  }

  func compute(
    _ batch: Batch, room: Int, into echo: Echo, meanwhile: (Double) throws -> Void
  ) throws -> Found {
    stage.computed.add(1, ordering: .relaxed)
    try meanwhile(0.5)
    if stage.naps { usleep(UInt32(batch.first / batch.shape.frames * 7919 % 5 * 700)) }
    if stage.failsAt == batch.first { throw EchoStage.Failure() }
    if room < stage.entries { return .needs(room: stage.entries) }
    echo.items = Array(batch.bytes.bindMemory(to: Int.self))
    return .all(rows: 2 * batch.shape.frames)
  }

  func finish() -> PlanRecord { PlanRecord() }
}

private final class EchoSink: Sink {
  private(set) var items: [Int] = []
  private let check: (Int) throws -> Void

  /// - Parameter check: called with the number of items before they are taken.
  init(_ check: @escaping (Int) throws -> Void = { _ in }) { self.check = check }

  func take(_ echo: Echo, of items: Range<Int>) throws {
    try check(items.upperBound)
    #expect(echo.items == Array(items))
    self.items += echo.items
  }
}

/// Numbers that arrive one batch at a time. `@unchecked Sendable`: one thread fills buffers.
private final class CountingSource: Source, @unchecked Sendable {
  private let total: Int
  private let batch: Int
  private let pause: Double
  private let failsAt: Int?
  private let waitsForeverAt: Int?
  private let known = Atomic<Int>(0)

  init(
    _ total: Int, batch: Int, pause: Double = 0, failsAt: Int? = nil, waitsForeverAt: Int? = nil
  ) {
    self.total = total
    self.batch = batch
    self.pause = pause
    self.failsAt = failsAt
    self.waitsForeverAt = waitsForeverAt
  }

  var count: Int { pause > 0 ? known.load(ordering: .relaxed) : total }
  var batchBytes: Int { batch * MemoryLayout<Int>.stride }

  func fill(_ buffer: BatchBuffer, isStopped: () -> Bool) throws -> Bool {
    let first = known.load(ordering: .relaxed)
    guard first < total else { return false }
    if first == failsAt { throw EchoStage.Failure() }
    while first == waitsForeverAt {
      if isStopped() { return false }
      usleep(500)
    }
    if pause > 0 { usleep(UInt32(pause * 1.2e6)) }
    let items = first..<min(first + batch, total)
    for (place, item) in items.enumerated() {
      buffer.bytes.storeBytes(
        of: item, toByteOffset: place * MemoryLayout<Int>.stride, as: Int.self)
    }
    buffer.hold(items, of: items, itemBytes: MemoryLayout<Int>.stride)
    known.store(items.upperBound, ordering: .relaxed)
    return true
  }
}

/// A processor whose runs take longer, some more than others.
private struct SlowDevice: Device {
  private let base = CPUDevice(threads: 1)
  var info: DeviceInfo { base.info }

  var heldBytes: Int { base.heldBytes }

  func store(_ values: ParameterValues) throws -> any ParameterStore { try base.store(values) }

  func compile(
    _ plan: Plan, store: (any ParameterStore)?, profiling: Bool
  ) throws -> any Executable {
    SlowExecutable(try base.compile(plan, store: store, profiling: profiling))
  }

  private final class SlowExecutable: Executable {
    private let base: any Executable
    private var runs: UInt32 = 0
    var plan: Plan { base.plan }
    var timings: [LaunchTiming] { base.timings }

    init(_ base: any Executable) { self.base = base }

    func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
      try base.write(input, bytes)
    }

    func run() throws {
      runs += 1
      usleep(runs % 3 * 8000)
      try base.run()
    }

    func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws {
      try base.read(output, into: bytes)
    }

    func overwrite(_ image: [UInt8]) throws { try base.overwrite(image) }
    func snapshot() throws -> [UInt8] { try base.snapshot() }
  }
}
