import Compute
import Foundation
import Localization
import Microscopy
import Optics
import Reporting

/// What a movie is like, measured by a fit of overlapping molecules on a part of its frames: the
/// conditions that a network for it has to learn.
struct MovieSurvey {
  /// Photons of a molecule in a frame: a tenth of the molecules have fewer, a tenth more.
  var photons: ClosedRange<Double>
  /// Photons per pixel: a tenth of the molecules lie on less, a tenth on more.
  var background: ClosedRange<Double>
  /// Molecules per µm² in the emptiest and the fullest tenth of the frames.
  var density: ClosedRange<Double>
  /// Mean time that a molecule shines, frames.
  var lifetime: Double
  /// Width of the PSF, px; nil with a calibrated PSF.
  var sigma: Double?
  var molecules: Int
  var frames: Int

  /// Blocks of consecutive frames, spread over the movie.
  static let blocks = 8
  static let blockLength = 12
  static let fewestMolecules = 50

  /// - Parameter rows: of a fit, in the order of frames.
  init(
    _ rows: Localizations, blocks: [Range<Int>], area: Double, sigma: Double?
  ) throws(SettingsError) {
    let photons = rows[.photons] ?? []
    let errors = rows[.photonsError] ?? []
    // Molecules that the data cannot tell apart may be parts of others.
    let clear = photons.indices.filter { photons[$0] > 5 * errors[$0] }
    guard clear.count >= Self.fewestMolecules else {
      throw SettingsError(
        "the movie is too short or too empty to propose a recipe: \(clear.count) molecules are clear",
        hint: "\(Self.fewestMolecules) are needed; write a recipe by hand, or use a longer movie")
    }
    func range(_ values: [Double], least: Double) -> ClosedRange<Double> {
      let low = max(values.quantile(0.1), least)
      return low...max(values.quantile(0.9), low)
    }
    self.photons = range(clear.map { photons[$0] }, least: 1)
    let background = rows[.background] ?? []
    self.background = range(clear.map { background[$0] }, least: 0.1)
    var counts: [Int: Int] = [:]
    for row in clear { counts[rows.frame[row], default: 0] += 1 }
    let frames = blocks.flatMap { Array($0) }
    density = range(frames.map { Double(counts[$0] ?? 0) / area }, least: 0.01)
    lifetime = Self.lifetime(rows, clear, blocks)
    self.sigma = sigma
    molecules = clear.count
    self.frames = frames.count
  }

  /// From the fraction of molecules that have a partner in the next frame, without those that would
  /// have one by chance: p = τ / (τ + 1) for exponential times that start at any moment.
  private static func lifetime(
    _ rows: Localizations, _ clear: [Int], _ blocks: [Range<Int>]
  ) -> Double {
    guard let x = rows[.x], let y = rows[.y] else { return 1 }
    var byFrame: [Int: [Int]] = [:]
    for row in clear { byFrame[rows.frame[row], default: []].append(row) }
    func near(_ frame: Int, _ next: Int) -> (found: Int, all: Int) {
      let (own, others) = (byFrame[frame] ?? [], byFrame[next] ?? [])
      let found = own.count { a in others.contains { b in hypot(x[a] - x[b], y[a] - y[b]) < 1 } }
      return (found, own.count)
    }
    var (next, far) = ((found: 0, all: 0), (found: 0, all: 0))
    for block in blocks {
      for frame in block.dropLast() {
        let pair = near(frame, frame + 1)
        next = (next.found + pair.found, next.all + pair.all)
      }
    }
    // Frames of different blocks have nothing in common but chance.
    for (a, b) in zip(blocks, blocks.dropFirst()) {
      for (frame, other) in zip(a, b) {
        let pair = near(frame, other)
        far = (far.found + pair.found, far.all + pair.all)
      }
    }
    guard next.all > 0 else { return 1 }
    let seen = Double(next.found) / Double(next.all)
    let chance = far.all > 0 ? Double(far.found) / Double(far.all) : 0
    let share = min(max((seen - chance) / max(1 - chance, 0.05), 0), 0.95)
    return share / (1 - share)
  }
}
