import Formats
import Localization
import Microscopy

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
  /// - Parameter maps: as large as the movie's frame, or as the region.
  /// - Throws: `SettingsError` where recipe, maps and movie do not fit.
  public func pipeline(
    _ maps: CameraMaps?, for region: PixelRegion, in info: MovieInfo
  ) throws(SettingsError) -> any FramePipeline {
    try LocalizationPipeline(
      settings, camera: camera, maps: try self.maps(maps, for: region, in: info),
      width: region.width, height: region.height, pixel: info.pixel, origin: (region.x, region.y))
  }

  /// The part of the maps that the region sees; maps as large as the region are taken as they are.
  ///
  /// Throws `SettingsError` where they belong to a sensor of another size.
  public func maps(
    _ maps: CameraMaps?, for region: PixelRegion, in info: MovieInfo
  ) throws(SettingsError) -> CameraMaps? {
    guard let maps else { return nil }
    if maps.width == info.width, maps.height == info.height { return maps.cropped(to: region) }
    if maps.width == region.width, maps.height == region.height { return maps }
    throw SettingsError(
      "the camera maps are \(maps.width)×\(maps.height) px, "
        + "the movie \(info.width)×\(info.height)",
      hint: "crop the maps with the region of the sensor that the camera recorded")
  }

  /// Throws `SettingsError` for what is impossible with any movie.
  public func check() throws(SettingsError) {
    guard recipe == 1 else {
      throw SettingsError(
        "a recipe of format \(recipe) is not known, only 1",
        hint: "it was written by another version of Glint")
    }
    guard pixelSize.isFinite, pixelSize > 0, pixelSize <= 1e6 else {
      throw SettingsError(
        "the pixel size \(pixelSize) nm must be in 0...1000000",
        hint: "--pixel-size is the camera's pixel divided by the magnification, often near 100")
    }
  }
}
