import Foundation
import Microscopy
import Reporting

/// A movie with known truth, drawn frame by frame from `SimulationSettings`.
///
/// Any frame can be drawn at any time, by any thread, with the same result.
/// Example:
/// ```swift
/// let simulation = try Simulation(SimulationSettings(width: 64, height: 64, frames: 100))
/// var pixels = [UInt16](repeating: 0, count: 64 * 64)
/// pixels.withUnsafeMutableBufferPointer { simulation.frame(3, into: $0) }
/// let truth = simulation.truth
/// ```
public struct Simulation: Sendable {
  public let settings: SimulationSettings
  /// Each pixel's own calibration, if the settings describe an sCMOS sensor.
  public let maps: CameraMaps?
  private let table: EmissionTable
  private let image: MoleculeImage
  private let background: BackgroundLight

  /// - Parameters:
  ///   - settings: what is simulated.
  ///   - maps: of a sensor of the frames' size, instead of the camera's offset, gain and read noise
  ///     and of `settings.sensor`.
  ///   - calibrated: the PSF of the file that `settings.depthPSF` names.
  /// - Throws: `SettingsError` if a setting is invalid.
  public init(
    _ settings: SimulationSettings, maps: CameraMaps? = nil, calibrated: CalibratedPSF? = nil
  ) throws(SettingsError) {
    try settings.check()
    if let maps {
      try demand(
        maps.width == settings.width && maps.height == settings.height, "camera maps",
        "are \(maps.width)×\(maps.height) px, the frames \(settings.width)×\(settings.height)",
        hint: "make frames of the size of the maps")
      try demand(
        settings.camera.emGain == 1, "camera maps", "describe an sCMOS sensor, not one with EM gain"
      )
    }
    if let path = settings.cameraFile {
      try demand(maps != nil, "camera_file", "names \(path), which was not read")
    }
    self.settings = settings
    self.maps =
      maps
      ?? settings.sensor?.maps(
        around: settings.camera, width: settings.width, height: settings.height,
        seed: settings.seed)
    image = try MoleculeImage(settings, calibrated: calibrated)
    if let range = image.zRange {
      let depths = settings.depths
      try demand(
        range.lowerBound <= depths.lowerBound + 1e-6
          && depths.upperBound - 1e-6 <= range.upperBound, "z",
        "reaches from \(depths.lowerBound) to \(depths.upperBound) nm, the PSF from "
          + "\(range.lowerBound) to \(range.upperBound)",
        hint: "choose a z range inside that of the PSF")
    }
    table = EmissionTable(settings, try Layout(settings))
    background = BackgroundLight(settings)
  }

  /// The movie's size and pixel, for tables that belong to it.
  public var field: FieldOfView {
    FieldOfView(
      width: settings.width, height: settings.height, frames: settings.frames,
      pixelSize: settings.pixelSize)
  }

  /// The PSF for fits, as a calibration; nil if it does not depend on z.
  public var calibration: CalibratedPSF? {
    get throws(SplinePSFError) {
      switch image {
      case .gaussian: nil
      case .astigmatic(let psf): .astigmatic(psf)
      case .spline(let psf): .spline(psf)
      case .table(let psf): .spline(try psf.spline(pixelSize: settings.pixelSize))
      }
    }
  }

  /// One row for each molecule in each frame in which it is on: x, y, z if there is depth, its
  /// expected photons in that frame, the background at its position, and the molecule's number.
  public var truth: Localizations {
    var truth = Localizations(field: field)
    truth.frame = table.emissions.map(\.frame)
    truth[.x] = table.emissions.map(\.position.x)
    truth[.y] = table.emissions.map(\.position.y)
    if settings.hasDepth { truth[.z] = table.emissions.map(\.z) }
    truth[.photons] = table.emissions.map(\.photons)
    truth[.background] = table.emissions.map {
      settings.background.level(
        x: $0.position.x, y: $0.position.y, width: settings.width, height: settings.height)
    }
    truth[.id] = table.emissions.map { Double($0.molecule) }
    truth.provenance = [
      ProvenanceStep(
        program: "Glint", version: glintVersion, action: "simulate",
        settings: ["seed": String(settings.seed)])
    ]
    return truth
  }

  /// Draws frame `k` into `pixels`: `width · height` digital numbers, row by row.
  public func frame(_ k: Int, into pixels: UnsafeMutableBufferPointer<UInt16>) {
    precondition(0..<settings.frames ~= k, "frame \(k) of \(settings.frames)")
    precondition(pixels.count >= settings.width * settings.height, "the buffer holds one frame")
    var random = RandomStream(seed: settings.seed, purpose: StreamPurpose.pixels, index: k)
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: settings.width * settings.height) {
      electrons in
      background.draw(into: electrons, &random)
      for emission in table[frame: k] { add(emission, to: electrons, &random) }
      expose(electrons, to: pixels, &random)
    }
  }

  /// Adds a molecule's photoelectrons. Sums of Poisson numbers are Poisson numbers, so each source
  /// of light can be drawn separately, and only where it shines.
  private func add(
    _ emission: Emission, to electrons: UnsafeMutableBufferPointer<Int32>,
    _ random: inout RandomStream
  ) {
    let mean = emission.photons * settings.camera.quantumEfficiency
    image.draw(
      x: emission.position.x, y: emission.position.y, z: emission.z, width: settings.width,
      height: settings.height
    ) { columns, rows, light in
      for (j, v) in rows.enumerated() {
        for (i, u) in columns.enumerated() {
          let place = v * settings.width + u
          electrons[place] = Int32(
            clamping: Int(electrons[place])
              + random.poisson(mean * light[j * columns.count + i]))
        }
      }
    }
  }

  /// Converts photoelectrons to digital numbers: EM register, read noise, gain, offset, rounding,
  /// 16 bits.
  private func expose(
    _ electrons: UnsafeMutableBufferPointer<Int32>, to pixels: UnsafeMutableBufferPointer<UInt16>,
    _ random: inout RandomStream
  ) {
    let camera = settings.camera
    func store(_ value: Double, _ i: Int) {
      pixels[i] = value > 0 ? (value < 65535 ? UInt16(value.rounded()) : 65535) : 0
    }
    if let maps {
      for i in 0..<electrons.count {
        let read = Double(maps.variance[i]).squareRoot() * random.normal()
        store(Double(maps.offset[i]) + Double(maps.gain[i]) * Double(electrons[i]) + read, i)
      }
    } else if camera.emGain > 1 {
      for i in 0..<electrons.count {
        let n = Double(electrons[i])
        let multiplied = n > 0 ? camera.emGain * random.gamma(shape: n) : 0
        store(camera.offset + camera.gain * (multiplied + camera.readNoise * random.normal()), i)
      }
    } else {
      for i in 0..<electrons.count {
        let read = camera.readNoise * random.normal()
        store(camera.offset + camera.gain * (Double(electrons[i]) + read), i)
      }
    }
  }
}

/// Purposes that give random streams of one seed different addresses.
enum StreamPurpose {
  static let scene: UInt64 = 1
  static let molecule: UInt64 = 2
  static let pixels: UInt64 = 3
  static let sensor: UInt64 = 4
  static let depth: UInt64 = 5
}

extension Simulation: Movie {
  public var info: MovieInfo {
    MovieInfo(
      width: settings.width, height: settings.height, frames: settings.frames, pixel: .uint16,
      format: "simulation", storage: "drawn on demand", pixelSize: settings.pixelSize)
  }

  public func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    let size = settings.width * settings.height
    let pixels = buffer.bindMemory(to: UInt16.self)
    for (i, frame) in frames.enumerated() {
      self.frame(frame, into: .init(rebasing: pixels[i * size..<(i + 1) * size]))
    }
  }
}
