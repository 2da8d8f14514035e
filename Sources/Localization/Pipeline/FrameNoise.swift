import Microscopy
import Networks
import Optics
import Reporting

extension FrameNoise {
  /// - Parameter level: the usual background, photons per pixel.
  init(_ camera: Camera, _ maps: CameraMaps?, level: Double) {
    let counts = EffectiveCounts(camera)
    let variance =
      maps.map { zip($0.variance, $0.gain).map { Double($0 / ($1 * $1)) }.median }
      ?? counts.noiseVariance
    self.init(level: level / counts.photons, variance: variance, photons: counts.photons)
  }
}

extension Model {
  /// The model for movies of this camera.
  ///
  /// - Parameter level: the usual background, photons per pixel; needed by a network that divides
  ///   frames by their noise.
  /// - Throws: `SettingsError` if it is needed and missing.
  package func seeing(
    _ camera: Camera, _ maps: CameraMaps?, level: Double?
  ) throws(SettingsError) -> Model {
    guard system.unit == .effectiveCounts else { return self }
    guard let level else {
      throw SettingsError(
        "\(type(of: system).name) needs the movie's background, which was not measured",
        hint: "state `level` in the section `network` of a recipe")
    }
    return seeing(FrameNoise(camera, maps, level: level))
  }
}
