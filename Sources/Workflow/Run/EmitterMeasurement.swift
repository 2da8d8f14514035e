import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting

/// Measures on a movie what a fit of several emitters assumes: the noise beyond the camera's, and the
/// brightness of a molecule.
///
/// The frames are spread over the whole movie, whatever part of it is localized, so that runs on parts
/// of a movie measure the same.
struct EmitterMeasurement {
  let movie: any Movie
  let recipe: Recipe
  let region: PixelRegion
  let maps: CameraMaps?
  let psf: CalibratedPSF?
  let devices: [any Device]
  let threads: Int?
  let cancellation: Cancellation

  private static let mostFrames = 256
  private static let framesForNoise = 32
  /// Frames are added until so many molecules show the brightness.
  private static let enough = 1000
  private static let step = 16

  /// The settings with what was measured, and what to tell the user about it.
  func run(_ settings: EmitterSettings) throws -> (EmitterSettings, notes: [Message]) {
    var settings = settings
    let sample = SampledMovie(movie, most: Self.mostFrames)
    var notes: [Message] = []
    settings.measured = MeasuredEmitters()
    settings.measured.frames = min(Self.framesForNoise, sample.frames.count)
    var factor = try filteredNoise(sample)
    settings.measured.noiseFactor = max(factor, 1)
    if case .gaussian(_, let stated) = settings.spot {
      notes += try measureWidth(sample, &settings, stated)
    }
    factor = try noiseFactor(sample, settings, from: factor)
    settings.measured.noiseFactor = factor > NoiseFactor.credible ? rounded(factor) : 1
    if factor > NoiseFactor.credible {
      notes.append(
        """
        warning: the noise between molecules is \(rounded(factor).field.words) times what the camera \
        explains; it is taken as measured, so that noise does not become molecules
        """)
    }
    if case .given = settings.brightness { return (settings, notes) }
    let (law, frames) = try brightness(sample, settings)
    settings.measured.frames = frames
    settings.measured.photons = law.map { rounded($0.photons) }
    settings.measured.spread = law?.spread.map(rounded)
    if settings.brightness == .learned { notes.append(words(law, frames)) }
    return (settings, notes)
  }

  /// Few digits, as they stand in the recipe.
  private func rounded(_ value: Double) -> Double { Double(String(format: "%.4g", value)) ?? value }

  private func words(_ law: BrightnessLaw?, _ frames: Int) -> Message {
    guard let law, law.molecules >= BrightnessLaw.leastMolecules else {
      return """
        brightness is free: only \(law?.molecules ?? 0) molecules in \(frames) frames show it clearly, \
        \(BrightnessLaw.leastMolecules) are needed; \(.brightness) can give it
        """
    }
    let percent = Int((100 * law.width).rounded())
    let inside = Int((100 * law.inside).rounded())
    let seen: Message = """
      \(law.molecules) molecules in \(frames) frames have \
      \(rounded(law.photons).field.words) photons ± \(percent) %, \(inside) % of them near that
      """
    return law.spread == nil
      ? "brightness is free, because it varies: \(seen)" : "brightness is learned: \(seen)"
  }

  /// The width of the PSF: that of most molecules that stand alone, in fits with free widths.
  ///
  /// A width that is stated is compared with it.
  private func measureWidth(
    _ sample: SampledMovie, _ settings: inout EmitterSettings, _ stated: Double?
  ) throws -> [Message] {
    let (width, found) = try width(sample, settings, from: stated)
    let seen = rounded(width).field.words
    if let stated {
      guard found >= Self.fewestWidths, abs(width / stated - 1) > 0.05 else { return [] }
      return [
        """
        warning: most molecules are \(seen) px wide (σ), and \(.psfSigma) states \
        \(stated.field.words): a wrong width makes false molecules or hides true ones
        """
      ]
    }
    guard found >= Self.fewestWidths else {
      throw SettingsError(
        "the width of the PSF cannot be measured: \(found) molecules stand alone",
        hint: "give it with \(.psfSigma), px: σ ≈ 0.21 λ/NA ÷ pixel size")
    }
    settings.measured.sigma = rounded(width)
    return [
      "the PSF is a Gaussian of σ \(seen) px, the width of \(found) molecules that stand alone"
    ]
  }

  /// The width of most molecules that stand alone, px; nil if there are too few of them.
  func width() throws -> Double? {
    let (width, found) = try width(
      SampledMovie(movie, most: Self.framesForNoise), EmitterSettings(), from: nil)
    return found >= Self.fewestWidths ? width : nil
  }

  /// The width of most molecules that stand alone, px, and how many these are.
  private func width(
    _ sample: SampledMovie, _ settings: EmitterSettings, from stated: Double?
  ) throws -> (Double, Int) {
    var free = settings
    free.brightness = .free
    var width = stated ?? Self.usualWidth
    var found = 0
    // The range of free widths goes with the width that is assumed.
    for _ in 0..<5 {
      free.spot = .gaussian(.free, sigma: width)
      let rows = FittedRows()
      var frames = 0
      while frames < sample.frames.count, rows.aloneWidths.count < Self.enoughWidths {
        let next = frames..<min(frames + Self.step, sample.frames.count)
        try fit(sample, next, free, into: rows)
        frames = next.upperBound
      }
      found = rows.aloneWidths.count
      guard found >= Self.fewestWidths else { break }
      let earlier = width
      width = min(max(Statistics.logarithmicMode(rows.aloneWidths), 0.5), 5)
      if abs(width / earlier - 1) < 0.1 { break }
    }
    return (width, found)
  }

  private static let usualWidth = 1.2
  private static let fewestWidths = 30
  private static let enoughWidths = 300

  /// The noise beyond the camera's.
  ///
  /// In a crowd of bright molecules the filtered frames have more than noise. Fits with a noise that is
  /// too large explain the rest, so that their χ² is below 1 by the factor that is too much.
  private func noiseFactor(
    _ sample: SampledMovie, _ settings: EmitterSettings, from filtered: Double
  ) throws -> Double {
    var settings = settings
    settings.brightness = .free
    var factor = filtered
    for _ in 0..<5 where factor > NoiseFactor.credible {
      settings.measured.noiseFactor = factor
      let rows = FittedRows()
      try fit(sample, 0..<min(Self.step, sample.frames.count), settings, into: rows)
      guard rows.chiSquares.count >= 20 else { return factor }
      let left = rows.chiSquares.median
      factor = max(factor * left, 1)
      if abs(left - 1) < 0.03 { break }
    }
    return factor
  }

  /// The median over frames of the noise between neighbouring pixels.
  private func filteredNoise(_ sample: SampledMovie) throws -> Double {
    let counts = EffectiveCounts(recipe.camera)
    let source = FrameSource(
      sample, frames: 0..<min(Self.framesForNoise, sample.frames.count), region: region, batch: 1,
      halo: 0)
    let buffer = BatchBuffer(bytes: source.batchBytes)
    let inverse = maps?.gain.map { 1 / $0 }
    let noise =
      inverse.flatMap { inverse in maps.map { zip($0.variance, inverse).map { $0 * $1 * $1 } } }
      ?? [Float(counts.noiseVariance)]
    var factors: [Double] = []
    while try source.fill(buffer, isStopped: { false }) {
      try cancellation.check()
      let raw =
        sample.info.pixel == .uint16
        ? buffer.batch.bytes.bindMemory(to: UInt16.self).map(Float.init)
        : Array(buffer.batch.bytes.bindMemory(to: Float.self))
      let frame: [Float]
      if let maps, let inverse {
        frame = raw.indices.map { (raw[$0] - maps.offset[$0]) * inverse[$0] }
      } else {
        let scale = Float(counts.perElectron / counts.gain)
        frame = raw.map { ($0 - Float(counts.offset)) * scale }
      }
      if let factor = NoiseFactor.of(frame, width: region.width, noise: noise) {
        factors.append(factor)
      }
    }
    return factors.isEmpty ? 1 : factors.median
  }

  /// The law of brightness, from fits in which it is free; and the number of frames.
  private func brightness(
    _ sample: SampledMovie, _ settings: EmitterSettings
  ) throws -> (BrightnessLaw?, frames: Int) {
    var settings = settings
    settings.brightness = .free
    let rows = FittedRows()
    var frames = 0
    while frames < sample.frames.count, rows.clear < Self.enough {
      let next = frames..<min(frames + Self.step, sample.frames.count)
      try fit(sample, next, settings, into: rows)
      frames = next.upperBound
    }
    return (BrightnessLaw(photons: rows.photons, errors: rows.errors), frames)
  }

  private func fit(
    _ sample: SampledMovie, _ frames: Range<Int>, _ settings: EmitterSettings, into rows: FittedRows
  ) throws {
    let stage = try EmitterStage(
      settings, camera: recipe.camera, maps: maps, psf: psf, width: region.width,
      height: region.height, pixel: movie.info.pixel)
    let run = try LocalizeRun(
      sample, stage: stage, frames: frames, region: region, devices: devices, threads: threads,
      cancellation: cancellation)
    if try run.run(into: [rows]).interrupted { throw Interrupted() }
  }
}

/// Collects what is measured on rows.
///
/// `@unchecked Sendable`: only the run's thread uses it.
private final class FittedRows: TableWriter, @unchecked Sendable {
  private(set) var photons: [Double] = []
  private(set) var errors: [Double] = []
  private(set) var chiSquares: [Double] = []
  /// Widths of the molecules that are fitted alone and whose photons are known well, px.
  private(set) var aloneWidths: [Double] = []
  /// Molecules whose photons are known well.
  private(set) var clear = 0

  func append(_ batch: Localizations) {
    let photons = batch[.photons] ?? []
    let errors = batch[.photonsError] ?? []
    clear += zip(photons, errors).count { $0 > BrightnessLaw.leastSeparability * $1 }
    chiSquares += batch[.reducedChiSquare] ?? []
    if let widths = batch[.sigmaX], let neighbours = batch[.neighbours] {
      for (row, width) in widths.enumerated()
      where neighbours[row] == 0 && photons[row] > BrightnessLaw.leastSeparability * errors[row] {
        aloneWidths.append(width)
      }
    }
    self.photons += photons
    self.errors += errors
  }

  func rename(to path: String) {}
  func finish(_ provenance: [ProvenanceStep]) {}
  func abandon() {}
}
