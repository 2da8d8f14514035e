import Compute
import Foundation
import Microscopy
import Optics
import Reporting

/// Localization of overlapping molecules: camera frames in, molecules as rows out.
///
/// All molecules of a frame are fitted together on the device; see `FitEmitters`.
package struct EmitterStage: RowStage {
  let settings: EmitterSettings
  let camera: Camera
  let maps: CameraMaps?
  let width: Int
  let height: Int
  let pixel: PixelType
  let origin: (x: Int, y: Int)
  /// Where molecules are kept, in pixels of the movie; nil for all.
  let kept: PixelRegion?
  /// The PSF from which z is computed.
  let psf: CalibratedPSF?
  let model: EmitterModel
  /// The coefficients of a spline.
  private let grid: Tensor?
  private let cut: EmitterBlocks

  /// - Parameters:
  ///   - maps: camera maps of the frames' size; they replace the camera's offset, gain and read
  ///     noise.
  ///   - psf: the PSF that gives z; without it a Gaussian is fitted according to the settings.
  ///   - origin: the movie pixel of the frames' first pixel, if the frames are a region of the
  ///     movie.
  ///   - frame: size of the movie's frame, if these frames are the part of it that is needed for a
  ///     region; see `EmitterBlocks.covering`.
  ///   - kept: that region; molecules outside are fitted but left out. On a side that it shares with
  ///     the frames those beyond are kept too.
  /// - Throws: `SettingsError` if settings, camera and frames do not match.
  package init(
    _ settings: EmitterSettings, camera: Camera, maps: CameraMaps?, psf: CalibratedPSF? = nil,
    width: Int, height: Int, pixel: PixelType, origin: (x: Int, y: Int) = (0, 0),
    frame: (width: Int, height: Int)? = nil, kept: PixelRegion? = nil
  ) throws(SettingsError) {
    try settings.checkRanges()
    try camera.check(maps, width: width, height: height)
    self.settings = settings
    self.camera = camera
    self.maps = maps
    self.width = width
    self.height = height
    self.pixel = pixel
    self.origin = origin
    self.kept = kept
    cut =
      frame.map {
        EmitterBlocks(
          x: origin.x..<origin.x + width, y: origin.y..<origin.y + height, ofWidth: $0.width,
          height: $0.height)
      } ?? EmitterBlocks(width: width, height: height)
    self.psf = psf
    (model, grid) = try settings.model(psf, EffectiveCounts(camera))
  }

  package var usesCamera: Bool { true }

  package var halo: Int { 0 }

  package func workers(on device: DeviceInfo) -> Int { device.kind == .cpu ? 1 : 2 }

  /// Batches of a second or less.
  package func worker(
    on device: any Device, batch: Int?, items: Int, profiling: Bool, cancellation: Cancellation
  ) -> any Worker<Rows> {
    let together = device.info.kind == .openCLGPU ? 4096 : 64
    let usual = min(max(together / blocks, 1), items)
    return EmitterWorker(
      self, on: device, batch: batch ?? usual, profiling: profiling, cancellation: cancellation)
  }

  var counts: EffectiveCounts { EffectiveCounts(camera) }

  /// Blocks of a frame, which are fitted independently of each other.
  var blocks: Int { cut.count }

  /// The graph of one batch, with the input "frames" [frame, y, x] in the movie's pixel type and the
  /// outputs that `ReceivedEmitters` reads.
  ///
  /// - Parameter room: rows for each block of a frame.
  func graph(frames count: Int, room: Int) throws -> Graph {
    var graph = Graph()
    let frames = graph.input(
      "frames", TensorType(pixel == .uint16 ? .uint16 : .float32, count, height, width))
    let sensor = maps.map { SensorMaps($0, in: &graph) }
    // With maps there is no EM register, so that electrons are effective counts.
    let calibrate =
      sensor == nil
      ? Calibrate(offset: Float(counts.offset), gain: Float(counts.gain / counts.perElectron))
      : Calibrate()
    let image = try graph.apply(
      calibrate, to: [frames] + (sensor.map { [$0.offset, $0.inverseGain] } ?? []))
    let shape = grid.map { [graph.constant($0)] } ?? []
    let fitted = try graph.apply(
      FitEmitters(model, room: room, blocks: cut),
      to: image + shape + (sensor.map { [$0.noise] } ?? []))
    for (name, value) in zip(ReceivedEmitters.outputs, fitted) { graph.output(name, value) }
    return graph
  }
}

extension EmitterSettings {
  /// Molecules with less than this part of the typical brightness are left out.
  static let leastPart = 0.1

  /// The likelihood ratio that the maxima of noise exceed in so many of 10⁴ pixels.
  ///
  /// The ratio's root is a Gaussian field that is smoothed by the PSF. The density of its maxima
  /// above √u is (2π)^(−3/2) √u e^(−u/2) / 2σ² (Worsley et al., Hum. Brain Mapp. 4, 58 (1996)).
  static func leastRatio(_ falsePositives: Double, sigma: Double) -> Double {
    let density = falsePositives / 1e4 * 2 * sigma * sigma * pow(2 * .pi, 1.5)
    var ratio = 20.0
    for _ in 0..<50 { ratio = max(2 * (0.5 * log(ratio) - log(density)), 1) }
    return ratio
  }

  /// What the fit assumes, in effective counts, and the coefficients of a spline.
  ///
  /// Throws `SettingsError` if the settings do not give the image of a molecule.
  func model(
    _ psf: CalibratedPSF?, _ counts: EffectiveCounts
  ) throws(SettingsError) -> (EmitterModel, grid: Tensor?) {
    let (image, grid) = try image(psf)
    var model = EmitterModel(image)
    model.candidate = Float(Self.leastRatio(falsePositives, sigma: model.narrowest))
    let noise = measured.noiseFactor ?? 1
    model.noise = Float(counts.noiseVariance)
    model.noiseScale = Float(noise)
    // Photons of the table are counts times this; the fit divides them by the noise factor.
    let unit = counts.photons * noise
    var typical = measured.photons ?? 0
    switch brightness {
    case .free: break
    case .given(let photons, let spread):
      model.brightness = EmitterModel.Brightness(
        photons: Float(photons / unit), spread: Float(spread))
      typical = photons
    case .learned:
      if let photons = measured.photons, let spread = measured.spread {
        model.brightness = EmitterModel.Brightness(
          photons: Float(photons / unit), spread: Float(spread))
      }
    }
    model.leastPhotons = Float(Self.leastPart * typical / unit)
    return (model, grid)
  }

  /// The image of a molecule, and the coefficients of a spline.
  private func image(
    _ psf: CalibratedPSF?
  ) throws(SettingsError) -> (EmitterModel.Image, grid: Tensor?) {
    switch spot {
    case .gaussian(let widths, _):
      guard let sigma else {
        throw SettingsError(
          "overlapping molecules can be told apart only if the PSF is known",
          hint: "give its width with \(.psfSigma), px, or a calibration with \(.psf)")
      }
      let width = Float(sigma)
      return
        (
          widths == .fixed
            ? .gaussian(sigmaX: width, sigmaY: width) : .freeWidth(sigma: width), nil
        )
    case .psf(let file):
      guard let psf else {
        throw SettingsError(
          "the PSF that the fit names is missing", hint: "give its calibration with \(.psf)")
      }
      if let problem = psf.problem {
        throw SettingsError(
          "the PSF \(file.path) is invalid: \(problem)", hint: "calibrate it again from beads")
      }
      switch psf {
      case .astigmatic(let curves): return (.astigmatic(Astigmatism(curves)), nil)
      case .spline(let spline):
        // The grid must surround every window.
        let half = Int(min(spline.reach - 1, Self.widestWindow))
        guard half >= 2 else {
          throw SettingsError(
            "the PSF's grid of \(spline.columns)×\(spline.rows) px is too small",
            hint: "calibrate a wider PSF")
        }
        let model = SplineModel(spline, box: 2 * half + 1)
        let grid = model.grid(spline.coefficients)
        return (.spline(model, grid: grid), grid)
      }
    }
  }

  /// Half of the widest window of a spline, px.
  private static let widestWindow = 15.0
}
