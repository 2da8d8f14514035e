import Foundation
import Localization
import Microscopy
import Networks
import Optics
import Reporting

/// Whether a movie is like those on which a network was trained.
enum TrainedRange {
  /// What a movie has.
  struct Content {
    /// Background, photons per pixel.
    var level: Double
    /// Of a typical molecule in a frame; nil if the network finds none.
    var photons: Double?
    /// Molecules per pixel of a frame.
    var density: Double
    /// Width of the PSF, px; nil if too few molecules stand alone.
    var width: Double?
  }

  /// A warning for each value that is outside, or a line that all are inside; nothing if the model
  /// does not say how it was trained.
  static func remarks(
    on model: Model, _ content: Content, camera: Camera
  ) throws -> [Message] {
    guard let examples = model.record?.examples else { return [] }
    let counts = EffectiveCounts(camera)
    let area = pow(examples.pixelSize / 1000, 2)
    var values: [(what: String, value: Double, range: DrawnRange)] = [
      (
        "background and read noise", content.level / counts.photons + counts.noiseVariance,
        DrawnRange(
          examples.background.from + examples.readVariance.from,
          examples.background.to + examples.readVariance.to)
      ),
      (
        "molecules per 100 px", 100 * content.density,
        DrawnRange(0, 100 * examples.density.to * area)
      ),
    ]
    if let photons = content.photons {
      values.append(("photons", photons / counts.photons, examples.photons))
    }
    if let width = content.width, case .gaussian(let sigma) = examples.psf {
      values.append(("PSF width σ, px", width, sigma))
    }
    func words(_ value: Double) -> String { String(format: "%.3g", value) }
    let outside = values.filter { $0.value < 0.9 * $0.range.from || $0.value > 1.1 * $0.range.to }
    var remarks: [Message] = []
    if content.width == nil, case .gaussian = examples.psf {
      remarks = [
        """
        too few molecules stand alone to measure the width of the PSF, so that it could not be compared \
        with that of the network's training
        """
      ]
    }
    if outside.isEmpty {
      let all = values.map {
        "\($0.what) \(words($0.value)) (\(words($0.range.from)) to \(words($0.range.to)))"
      }
      return [
        "the movie is inside the range of the network's training: \(all.joined(separator: ", "))"
      ] + remarks
    }
    return outside.map {
      """
      warning: the movie is outside the range of the network's training: \($0.what) \
      \(words($0.value)), not between \(words($0.range.from)) and \(words($0.range.to)); rows may be \
      wrong
      """
    } + remarks
  }
}
