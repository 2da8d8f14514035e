import Formats
import Localization
import Microscopy
import Networks
import Reporting

/// What a recipe asks of a movie: which pixels, which frames, which part of the maps.
extension Recipe {
  /// The region of interest, or the whole frame.
  ///
  /// Throws `SettingsError` where it is not inside the frame.
  public func region(in info: MovieInfo) throws(SettingsError) -> PixelRegion {
    guard let roi else { return PixelRegion(x: 0, y: 0, width: info.width, height: info.height) }
    guard roi.isInside(width: info.width, height: info.height) else {
      throw SettingsError(
        """
        the region \(roi.field.words) is not inside the frame of \(info.width)×\(info.height) px
        """,
        hint: """
          \(.roi) X,Y,W,H counts from 0; X + W is at most \(info.width), Y + H \(info.height)
          """)
    }
    return roi
  }

  /// The frames to localize.
  ///
  /// Throws `SettingsError` where the movie does not have them, `MovieError` where it should have them
  /// and is cut off: all frames of such a movie cannot be meant, a range before its tear can.
  public func frames(in info: MovieInfo) throws -> Range<Int> {
    if let error = info.cutOff, endFrame.map({ $0 > info.frames }) ?? true { throw error }
    let end = endFrame ?? info.frames
    guard firstFrame >= 0, firstFrame < end, end <= info.frames else {
      throw SettingsError(
        "frames \(firstFrame):\(end) are not in the movie, which has \(info.frames)",
        hint: "\(.frames) A:B counts from 0; B is at most \(info.frames)")
    }
    return firstFrame..<end
  }

  /// What computes the rows of a region.
  ///
  /// - Parameters:
  ///   - maps: as large as the movie's frame, or as the region.
  ///   - psf: what the PSF file holds.
  ///   - model: what the recipe's `model()` gave; nil to read it here.
  /// - Throws: `SettingsError` where recipe, maps, PSF and movie do not fit; what is wrong with a
  ///   network's weights.
  package func stage(
    _ maps: CameraMaps?, psf: CalibratedPSF? = nil, model: Model? = nil, for region: PixelRegion,
    in info: MovieInfo
  ) throws -> any RowStage {
    let maps = try self.maps(maps, for: region, in: info)
    switch localizer {
    case .network(let network):
      return try NetworkStage(
        try model ?? network.model(), network, camera: camera, maps: maps, width: region.width,
        height: region.height, pixel: info.pixel, origin: (region.x, region.y))
    case .spots(let settings):
      return try FitStage(
        settings, camera: camera, maps: maps, psf: try psf.map(adjusted), width: region.width,
        height: region.height, pixel: info.pixel, origin: (region.x, region.y))
    }
  }

  /// A PSF with the recipe's refractive-index factor, where it has one.
  ///
  /// Throws `SettingsError` where it was calibrated for pixels of another size.
  func adjusted(_ psf: CalibratedPSF) throws(SettingsError) -> CalibratedPSF {
    if let size = psf.pixelSize, abs(size / pixelSize - 1) > 0.02 {
      throw SettingsError(
        "the PSF was calibrated for pixels of \(size) nm, the movie has \(pixelSize) nm",
        hint: "give the movie's \(.pixelSize); a PSF is valid for one pixel size")
    }
    var psf = psf
    if let factor = fit.psf?.indexFactor { psf.axial.indexFactor = factor }
    return psf
  }

  /// The part of the maps that the region sees. Maps of a larger part of the sensor are cropped to what
  /// the movie recorded of it; maps as large as the region are taken as they are.
  ///
  /// Throws `SettingsError` where they belong to a sensor of another size.
  public func maps(
    _ maps: CameraMaps?, for region: PixelRegion, in info: MovieInfo
  ) throws(SettingsError) -> CameraMaps? {
    guard let maps else { return nil }
    if let own = maps.matching(info, region: cameraRegion) { return own.cropped(to: region) }
    if cameraRegion == nil, maps.width == region.width, maps.height == region.height {
      return maps
    }
    let sizes: Message = """
      the camera maps are \(maps.width)×\(maps.height) px, the movie \(info.width)×\(info.height)
      """
    if let cameraRegion {
      throw SettingsError(
        "\(sizes), and the sensor region \(cameraRegion.field.words) does not match them",
        hint: """
          \(.cameraRegion) X,Y,W,H counts from 0; W and H are the movie's, all of it in the maps
          """)
    }
    throw SettingsError(
      sizes,
      hint: """
        maps of a larger part of the sensor need the region that the camera recorded: \
        \(.cameraRegion) X,Y,W,H; maps of another sensor cannot be used
        """)
  }

  /// The network that it asks for, with its weights read; nil where it asks for none.
  public func model() throws -> Model? { try network?.model() }

  /// The recipe with everything said that its network's weights and the network's own numbers decide.
  public func resolved(_ model: Model?) throws -> Recipe {
    var result = self
    if let model, let network { result.network = try network.resolved(model) }
    return result
  }

  /// Throws `SettingsError` for what is impossible with any movie.
  public func check() throws(SettingsError) { try checkRanges() }
}
