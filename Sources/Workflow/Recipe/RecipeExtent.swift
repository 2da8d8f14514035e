import Compute
import Formats
import Localization
import Microscopy
import Networks
import Reporting

/// The part of a movie that a recipe selects: pixels, frames and the region of the maps.
extension Recipe {
  /// The region of interest, or the whole frame.
  ///
  /// Throws `SettingsError` if it is not inside the frame.
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

  /// The pixels that a run reads: the region, and for fits those around it that give it the rows of
  /// the whole frame.
  ///
  /// - Parameters:
  ///   - maps: camera maps; with maps of the region alone nothing around it can be used.
  ///   - info: the movie.
  package func readRegion(
    _ maps: CameraMaps?, in info: MovieInfo
  ) throws(SettingsError) -> PixelRegion {
    let region = try region(in: info)
    guard !isWhole(region, for: maps) else { return region }
    switch localizer {
    case .network: return region
    case .spots(let settings):
      guard let margin = settings.margin else {
        return PixelRegion(x: 0, y: 0, width: info.width, height: info.height)
      }
      return region.grown(by: margin, in: info)
    case .emitters:
      let (x, y) = EmitterBlocks.covering(
        x: region.x..<region.x + region.width, y: region.y..<region.y + region.height,
        ofWidth: info.width, height: info.height)
      return PixelRegion(x: x.lowerBound, y: y.lowerBound, width: x.count, height: y.count)
    }
  }

  /// Whether there are maps for a region alone.
  private func isWhole(_ region: PixelRegion, for maps: CameraMaps?) -> Bool {
    maps.map { $0.width == region.width && $0.height == region.height } ?? false
  }

  /// The frames to localize.
  ///
  /// Throws `SettingsError` if the movie does not have them, and `MovieError` if they are missing
  /// because the movie is truncated. In a truncated movie only a range before the truncation is
  /// accepted, not all frames.
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

  /// The stage that computes the rows of the recipe's region.
  ///
  /// - Parameters:
  ///   - region: the result of `readRegion`.
  ///   - maps: camera maps of the size of the movie's frame, or of the region.
  ///   - psf: the content of the PSF file.
  ///   - model: the result of the recipe's `model()`; nil to read it here.
  /// - Throws: `SettingsError` if recipe, maps, PSF and movie do not match; errors of reading the
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
    case .emitters(let settings):
      return try EmitterStage(
        settings, camera: camera, maps: maps, psf: try psf.map(adjusted), width: region.width,
        height: region.height, pixel: info.pixel, origin: (region.x, region.y),
        frame: isWhole(try self.region(in: info), for: maps) ? nil : (info.width, info.height),
        kept: try self.region(in: info))
    case .spots(let settings):
      return try FitStage(
        settings, camera: camera, maps: maps, psf: try psf.map(adjusted), width: region.width,
        height: region.height, pixel: info.pixel, origin: (region.x, region.y),
        kept: try self.region(in: info))
    }
  }

  /// A PSF with the recipe's refractive-index factor, if it has one.
  ///
  /// Throws `SettingsError` if it was calibrated for another pixel size.
  func adjusted(_ psf: CalibratedPSF) throws(SettingsError) -> CalibratedPSF {
    if let size = psf.pixelSize, let pixelSize, abs(size / pixelSize - 1) > 0.02 {
      throw SettingsError(
        "the PSF was calibrated for pixels of \(size) nm, the movie has \(pixelSize) nm",
        hint: "give the movie's \(.pixelSize); a PSF is valid for one pixel size")
    }
    var psf = psf
    if let factor = self.psf?.indexFactor { psf.axial.indexFactor = factor }
    return psf
  }

  /// The maps for the region. Maps of a larger part of the sensor are cropped to the region that
  /// the movie shows; maps of the region's size are used unchanged.
  ///
  /// Throws `SettingsError` if they belong to a sensor of another size.
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

  /// The recipe's network with its weights; nil if it uses none.
  public func model() throws -> Model? { try network?.model() }

  /// The recipe with all values filled in from the network and its weights.
  public func resolved(_ model: Model?) throws -> Recipe {
    var result = self
    if let model, let network { result.network = try network.resolved(model) }
    return result
  }

  /// Throws `SettingsError` for settings that are invalid for any movie.
  public func check() throws(SettingsError) { try checkRanges() }
}

extension PixelRegion {
  /// With a margin on every side, as far as the frame goes.
  fileprivate func grown(by margin: Int, in info: MovieInfo) -> PixelRegion {
    let (left, top) = (max(x - margin, 0), max(y - margin, 0))
    return PixelRegion(
      x: left, y: top, width: min(x + width + margin, info.width) - left,
      height: min(y + height + margin, info.height) - top)
  }
}
