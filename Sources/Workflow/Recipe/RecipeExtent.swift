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
    guard !roi.isEmpty else {
      return PixelRegion(x: 0, y: 0, width: info.width, height: info.height)
    }
    guard roi.count == 4, roi[0] >= 0, roi[1] >= 0, roi[2] > 0, roi[3] > 0,
      roi[0] < info.width, roi[1] < info.height, roi[2] <= info.width - roi[0],
      roi[3] <= info.height - roi[1]
    else {
      throw SettingsError(
        "the region \(roi) is not inside the frame of \(info.width)×\(info.height) px",
        hint: "--roi X,Y,W,H counts from 0; X + W is at most \(info.width), Y + H \(info.height)")
    }
    return PixelRegion(x: roi[0], y: roi[1], width: roi[2], height: roi[3])
  }

  /// The frames to localize.
  ///
  /// Throws `SettingsError` where the movie does not have them, `MovieError` where it should have them
  /// and is cut off: all frames of such a movie cannot be meant, a range before its tear can.
  public func frames(in info: MovieInfo) throws -> Range<Int> {
    if let error = info.cutOff, endFrame < 0 || endFrame > info.frames { throw error }
    let end = endFrame < 0 ? info.frames : endFrame
    guard firstFrame >= 0, firstFrame < end, end <= info.frames else {
      throw SettingsError(
        "frames \(firstFrame):\(end) are not in the movie, which has \(info.frames)",
        hint: "--frames A:B counts from 0; B is at most \(info.frames)")
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
    if network.isUsed {
      return try NetworkStage(
        try model ?? network.model(), network, camera: camera,
        maps: try self.maps(maps, for: region, in: info), width: region.width,
        height: region.height, pixel: info.pixel, origin: (region.x, region.y))
    }
    return try FitStage(
      settings, camera: camera, maps: try self.maps(maps, for: region, in: info),
      psf: try psf.map(adjusted),
      width: region.width, height: region.height, pixel: info.pixel, origin: (region.x, region.y))
  }

  /// A PSF with the recipe's refractive-index factor, where it has one.
  ///
  /// Throws `SettingsError` where it was calibrated for pixels of another size.
  func adjusted(_ psf: CalibratedPSF) throws(SettingsError) -> CalibratedPSF {
    if let size = psf.pixelSize, abs(size / pixelSize - 1) > 0.02 {
      throw SettingsError(
        "the PSF was calibrated for pixels of \(size) nm, the movie has \(pixelSize) nm",
        hint: "give the movie's --pixel-size; a PSF holds for one pixel size")
    }
    var psf = psf
    if refractiveIndexFactor > 0 { psf.axial.indexFactor = refractiveIndexFactor }
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
    let recorded =
      cameraRegion.count == 4
      ? PixelRegion(
        x: cameraRegion[0], y: cameraRegion[1], width: cameraRegion[2], height: cameraRegion[3])
      : nil
    if let own = maps.matching(info, region: recorded) { return own.cropped(to: region) }
    if recorded == nil, maps.width == region.width, maps.height == region.height { return maps }
    let sizes: Message =
      "the camera maps are \(maps.width)×\(maps.height) px, "
      + "the movie \(info.width)×\(info.height)"
    if recorded != nil {
      throw SettingsError(
        "\(sizes), and the region \(cameraRegion) of the sensor does not fit them",
        hint: "--camera-roi X,Y,W,H counts from 0; W and H are the movie's, all of it in the maps")
    }
    throw SettingsError(
      sizes,
      hint: "maps of a larger part of the sensor need the region that the camera recorded: "
        + "--camera-roi X,Y,W,H; maps of another sensor cannot be used")
  }

  /// The network that it asks for, with its weights read; nil where it asks for none.
  public func model() throws -> Model? { network.isUsed ? try network.model() : nil }

  /// The recipe with everything said that its network's weights and the network's own numbers decide.
  public func resolved(_ model: Model?) throws -> Recipe {
    var result = self
    if let model { result.network = try network.resolved(model) }
    return result
  }

  /// Throws `SettingsError` for what is impossible with any movie.
  public func check() throws(SettingsError) {
    guard recipe == 1 else {
      throw SettingsError(
        "a recipe of format \(recipe) is not known, only 1",
        hint: "it was written by another version of Glint")
    }
    guard cameraRegion.isEmpty || cameraRegion.count == 4 else {
      throw SettingsError(
        "camera_roi \(cameraRegion) must be four numbers or none",
        hint: "they are x, y, width and height in px, counted from 0")
    }
    guard pixelSize.isFinite, pixelSize > 0, pixelSize <= 1e6 else {
      throw SettingsError(
        "the pixel size \(pixelSize) nm must be in 0...1000000",
        hint: "--pixel-size is the camera's pixel divided by the magnification, often near 100")
    }
    try network.check()
    guard refractiveIndexFactor.isFinite, refractiveIndexFactor >= 0, refractiveIndexFactor <= 10
    else {
      throw SettingsError(
        "the refractive-index factor \(refractiveIndexFactor) must be in 0...10",
        hint: "0.7 to 0.8 is usual for oil objectives in water; 0 takes the PSF file's own")
    }
  }
}
