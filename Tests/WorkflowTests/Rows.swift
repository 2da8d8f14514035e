import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting
import TestSupport
import Workflow

/// A table in memory instead of a file.
final class RowCollector: TableWriter, @unchecked Sendable {
  private(set) var table = Localizations()

  func append(_ batch: Localizations) throws {
    if table.quantities.isEmpty {
      // Shares no storage with the batch, which is refilled on another thread.
      table = batch.selecting([])
    }
    table.append(contentsOf: batch)
  }

  func rename(to path: String) {}
  func finish(_ provenance: [ProvenanceStep]) {}
  func abandon() {}
}

/// The result of a run: its rows as bits, and its report.
struct Outcome {
  var table: Localizations
  var report: LocalizeReport
  var notes: [String]

  /// A row as text: its frame and the bits of every column.
  var rows: [String] { Outcome.rows(of: table) }

  static func rows(of table: Localizations) -> [String] {
    let columns = table.quantities.map { table[$0]! }
    return table.frame.indices.map { row in
      "\(table.frame[row]) "
        + columns.map { String($0[row].bitPattern, radix: 16) }.joined(separator: " ")
    }
  }
}

/// Localizes `movie` in memory.
func localize(
  _ movie: any Movie, _ recipe: Recipe, on devices: any Device..., frames: Range<Int>? = nil,
  region: PixelRegion? = nil, maps: CameraMaps? = nil, psf: CalibratedPSF? = nil,
  batch: Int? = nil, capacity: Int = 64
) throws -> Outcome {
  let notes = Notes()
  let info = movie.info
  var recipe = recipe
  recipe.roi = region ?? recipe.roi
  let region = try recipe.readRegion(maps, in: info)
  let run = try LocalizeRun(
    movie, stage: try recipe.stage(maps, psf: psf, for: region, in: info),
    frames: frames ?? 0..<info.frames, region: region,
    devices: devices.isEmpty ? [CPUDevice(threads: 2)] : devices, threads: 2, batch: batch,
    capacity: capacity, observer: notes)
  let rows = RowCollector()
  let report = try run.run(into: [rows])
  return Outcome(table: rows.table, report: report, notes: notes.lines)
}

/// A movie in memory, so that single pixels can be set.
final class EditedMovie: Movie, @unchecked Sendable {
  let info: MovieInfo
  var pixels: [UInt16] = []
  var floats: [Float] = []

  /// - Parameter floating: delivers float32 instead of uint16.
  init(_ source: Simulation, floating: Bool = false) {
    var info = source.info
    pixels = [UInt16](repeating: 0, count: info.frames * info.width * info.height)
    pixels.withUnsafeMutableBytes { source.read(0..<info.frames, into: $0) }
    if floating {
      info.pixel = .float32
      floats = pixels.map(Float.init)
    }
    self.info = info
  }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let size = info.frameBytes
    func copy(_ bytes: UnsafeRawBufferPointer) {
      buffer.copyMemory(
        from: .init(rebasing: bytes[frames.lowerBound * size..<frames.upperBound * size]))
    }
    if info.pixel == .float32 {
      floats.withUnsafeBytes(copy)
    } else {
      pixels.withUnsafeBytes(copy)
    }
  }
}

/// A small movie of separate molecules.
func smallMovie(
  frames: Int = 24, width: Int = 56, height: Int = 48, perFrame: Double = 6, seed: UInt64 = 5
) throws -> Simulation {
  try Simulation(
    SimulationSettings(
      width: width, height: height, frames: frames, psf: GaussianPSF(sigma: 1.2),
      blinking: .independent(perFrame: perFrame), photons: .fixed(photons: 1500),
      background: .flat(level: 8), camera: Camera(offset: 100, gain: 2, readNoise: 1.5), seed: seed)
  )
}

/// The recipe for `smallMovie`.
func smallRecipe(_ detector: Detector.Kind = .dog) -> Recipe {
  var recipe = Recipe()
  recipe.pixelSize = 100
  recipe.camera = Camera(offset: 100, gain: 2, readNoise: 1.5)
  recipe.detection.detector =
    detector == .gradient ? .gradient(threshold: 1500) : Detector(detector)
  return recipe
}

/// A device that claims to be a GPU and fails at one call, counted over all its executables.
final class UnwellDevice: Device, @unchecked Sendable {
  enum Call: String, CaseIterable, Sendable { case compile, write, run, read }

  let info: DeviceInfo
  private let base = CPUDevice(threads: 2)
  private let failing: Call
  private let lock = NSLock()
  private var left: Int

  /// - Parameter time: which call of that kind fails, from 1; all later calls fail too.
  init(at call: Call, time: Int) {
    var info = base.info
    info.name = "opencl:unwell"
    info.kind = .openCLGPU
    info.localMemory = 1 << 16
    info.maxWorkGroup = 1024
    self.info = info
    failing = call
    left = time
  }

  var heldBytes: Int { base.heldBytes }

  func store(_ values: ParameterValues) throws -> any ParameterStore { try base.store(values) }

  func compile(
    _ plan: Plan, store: (any ParameterStore)?, profiling: Bool
  ) throws -> any Executable {
    try check(.compile)
    let own = try Plan(plan.graph, for: base.info)
    return UnwellExecutable(
      try base.compile(own, store: store, profiling: profiling), self)
  }

  func check(_ call: Call) throws {
    let isWell = lock.withLock {
      if call == failing { left -= 1 }
      return left > 0
    }
    if !isWell {
      throw DeviceError.call("clSomething", code: -5, device: info.name)
    }
  }
}

private final class UnwellExecutable: Executable {
  private let base: any Executable
  private let device: UnwellDevice
  var plan: Plan { base.plan }

  init(_ base: any Executable, _ device: UnwellDevice) {
    self.base = base
    self.device = device
  }

  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
    try device.check(.write)
    try base.write(input, bytes)
  }

  func run() throws {
    try device.check(.run)
    try base.run()
  }

  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    try device.check(.read)
    try base.read(output, into: bytes)
  }

  var timings: [LaunchTiming] { base.timings }
  func overwrite(_ image: [UInt8]) throws { try base.overwrite(image) }
  func snapshot() throws -> [UInt8] { try base.snapshot() }
}
