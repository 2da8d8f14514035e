import Foundation
import Reporting

extension TrainingSettings {
  /// Throws `SettingsError` for the first value that makes no sense.
  package func check() throws(SettingsError) {
    func demand(_ holds: Bool, _ what: String, _ allowed: String) throws(SettingsError) {
      if !holds { throw SettingsError("the recipe's \(what) must be \(allowed)", hint: nil) }
    }
    try demand(steps > 0 && steps <= 100_000_000, "`steps`", "between 1 and 100000000")
    try demand(rate > 0 && rate <= 10, "`rate`", "above 0 and at most 10")
    try demand(clip.map { $0 > 0 } ?? true, "`clip`", "above 0")
    try demand(patience.map { $0 > 0 } ?? true, "`patience`", "1 or more")
    try demand(
      validation.every.map { $0 > 0 } ?? true, "`validation.every`", "1 or more")
    try demand(
      1...10_000 ~= validation.batches, "`validation.batches`", "between 1 and 10000")
    switch schedule {
    case .constant: break
    case .stairs(let factor, let steps):
      try demand(
        factor > 0 && factor <= 1 && steps > 0, "`schedule`", "a factor up to 1 every step or more")
    case .plateau(let factor, let patience, let least):
      try demand(
        factor > 0 && factor < 1 && patience > 0 && 0...1 ~= least, "`schedule`",
        "a factor below 1, a patience of 1 or more and a least factor up to 1")
    case .cosine(let least, let warmUp):
      try demand(
        0...1 ~= least && warmUp >= 0, "`schedule`",
        "a least factor up to 1 and a warm-up of 0 or more")
    }
    try examples.check()
  }
}

extension ExampleSettings {
  /// Emitters of a movie that a batch may have room for.
  private static let mostRoom = 20_000
  private static let mostPixels = 1 << 26

  private func demand(_ holds: Bool, _ what: String, _ allowed: String) throws(SettingsError) {
    if !holds {
      throw SettingsError("the recipe's `examples.\(what)` must be \(allowed)", hint: nil)
    }
  }

  /// Throws `SettingsError` for the first value that makes no sense.
  func check() throws(SettingsError) {
    for (name, value) in [("height", height), ("width", width)] {
      try demand(4...4096 ~= value, name, "between 4 and 4096 px")
    }
    try demand(1...1000 ~= length, "length", "between 1 and 1000 frames")
    try demand(1...1000 ~= movies, "movies", "between 1 and 1000")
    try demand(
      frames * height * width <= Self.mostPixels, "movies",
      "so few that a batch has at most \(Self.mostPixels) pixels")
    try demand(1...10_000 ~= pixelSize, "pixelSize", "between 1 and 10000 nm")
    for (name, range, least) in [
      ("density", density, 0), ("lifetime", lifetime, 0.01), ("photons", photons, 0),
      ("spread", spread, 0), ("background", background, 0), ("unevenness", unevenness, 0),
      ("readVariance", readVariance, 0),
    ] as [(String, DrawnRange, Double)] {
      try demand(
        range.isValid(least: least), name,
        "a range from a value of \(least) or more up to one that is not below it; the lower end of a "
          + "logarithmic range is above 0")
    }
    for (name, share) in [("wholeFrames", wholeFrames), ("multiplied", multiplied)] {
      try demand(0...1 ~= share, name, "between 0 and 1")
    }
    for (name, value) in [
      ("levelError", levelError), ("leastPhotons", leastPhotons), ("leastSignal", leastSignal),
    ] { try demand(value >= 0 && value.isFinite, name, "0 or more") }
    try checkPSF()
    try checkSensor()
    try spectra?.check()
    try demand(
      room <= Self.mostRoom, "density",
      "so low that a movie has at most \(Self.mostRoom) emitters, not \(room)")
  }

  private func checkPSF() throws(SettingsError) {
    switch psf {
    case .gaussian(let sigma):
      try demand(
        sigma.isValid(least: 0.3), "psf.gaussian.sigma", "a range from 0.3 px or more")
    case .astigmatic: break
    case .file(let file): try demand(file.content != nil, "psf", "a file that was read")
    }
    if let psf = psf.calibrated {
      if let problem = psf.problem {
        throw SettingsError("the recipe's `examples.psf` is not valid: \(problem)", hint: nil)
      }
      if let size = psf.pixelSize {
        try demand(
          abs(size / pixelSize - 1) < 0.02, "pixelSize", "\(size) nm, that of the PSF's calibration"
        )
      }
    }
    if let widest = psf.widest {
      try demand(
        6 * widest <= Double(min(height, width)), "psf",
        "so small that six times its largest width, "
          + "\((10 * widest).rounded() / 10) px, is not more than a frame's side")
    }
  }

  private func checkSensor() throws(SettingsError) {
    if let camera {
      let maps = try camera.loaded
      try demand(
        maps.height >= height && maps.width >= width, "camera",
        "at least as large as a frame, not \(maps.width)×\(maps.height) px")
      try demand(multiplied == 0, "multiplied", "0 with maps, which are those of an sCMOS camera")
    }
    if let hotPixels {
      try demand(0...1 ~= hotPixels.share, "hotPixels.share", "between 0 and 1")
      let variance = hotPixels.variance
      try demand(
        variance.from > 0 && variance.isValid(least: 0), "hotPixels.variance",
        "a range from a value above 0 up to one that is not below it")
    }
  }
}
