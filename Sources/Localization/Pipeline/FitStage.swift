import Compute
import Microscopy
import Optics
import Reporting

/// Detection, cropping and fitting: the compute graph of a batch, and the reading of its results.
///
/// Raw camera frames are sent to the device, which does calibration, detection, cropping and
/// fitting; only table rows come back.
package struct FitStage: RowStage {
  package let settings: LocalizationSettings
  let camera: Camera
  let maps: CameraMaps?
  let width: Int
  let height: Int
  let pixel: PixelType
  let origin: (x: Int, y: Int)
  /// The columns and rows of these frames in which molecules are looked for.
  let searched: (x: Range<Int>, y: Range<Int>)
  /// The PSF from which z is computed, in the range of z for which the box is large enough.
  let psf: CalibratedPSF?
  package let notes: [Message]
  /// Images of the PSF as templates for spot detection, with the detector psf.
  let templates: PSFTemplates?
  /// The fit of z; nil if there is none or z comes from fitted widths.
  private(set) var axialFit: AxialFit?
  /// Distance, px, within which two fits in a frame count as one molecule; 0 to keep all fits.
  private(set) var resolution = 0.0

  /// - Parameters:
  ///   - maps: camera maps of the frames' size; they replace the camera's offset, gain and read
  ///     noise.
  ///   - psf: the PSF that gives z; without it a Gaussian is fitted according to the settings.
  ///   - origin: the movie pixel of the frames' first pixel, if the frames are a part of the movie's.
  ///   - kept: the region of the movie in which molecules are looked for, if the frames have a margin
  ///     around it (`DetectionSettings.margin`).
  /// - Throws: `SettingsError` if settings, camera and frames do not match.
  package init(
    _ settings: LocalizationSettings, camera: Camera, maps: CameraMaps?,
    psf: CalibratedPSF? = nil, width: Int, height: Int, pixel: PixelType,
    origin: (x: Int, y: Int) = (0, 0), kept: PixelRegion? = nil
  ) throws(SettingsError) {
    try settings.validate()
    try camera.check(maps, width: width, height: height)
    guard (psf == nil) == (settings.fit.psf == nil) else {
      throw SettingsError(
        psf == nil
          ? "the PSF that the fit names is missing" : "a PSF is given, but the fit does not use it",
        hint: "give its calibration with \(.psf)")
    }
    let usable: (psf: CalibratedPSF, limit: Message?)? =
      if let psf { try settings.fit.usable(psf) } else { nil }
    let psf = usable?.psf
    try settings.detection.validate(psf)
    self.settings = settings
    self.camera = camera
    self.maps = maps
    self.width = width
    self.height = height
    self.pixel = pixel
    self.origin = origin
    searched =
      kept.map {
        (
          $0.x - origin.x..<$0.x - origin.x + $0.width,
          $0.y - origin.y..<$0.y - origin.y + $0.height
        )
      } ?? (0..<width, 0..<height)
    self.psf = psf
    notes = [usable?.limit].compactMap { $0 }
    let fitted = settings.fit.axial == .fitted ? psf : nil
    let findsByShape = settings.detection.detector.kind == .psf
    let shapes = (findsByShape ? psf : fitted).map { PSFTemplates($0, side: settings.fit.box) }
    templates = findsByShape ? shapes : nil
    if let fitted {
      axialFit = AxialFit(
        fitted, box: settings.fit.box, noise: counts.noiseVariance,
        iterations: settings.fit.maxIterations, tolerance: settings.fit.tolerance)
    }
    if let shapes, axialFit != nil, templates != nil || shapes.hasSeveralPeaks {
      resolution = shapes.resolution
    }
  }

  package var usesCamera: Bool { true }

  package var disturbance: Double? { Double(settings.fit.box) }

  package var halo: Int { settings.detection.halo }

  /// Two if transfer and computation overlap.
  package func workers(on device: DeviceInfo) -> Int { device.kind == .cpu ? 1 : 2 }

  /// Batches of about one million pixels, 16 million on a GPU.
  package func worker(
    on device: any Device, batch: Int?, items: Int, profiling: Bool, cancellation: Cancellation
  ) -> any Worker<Rows> {
    let pixels = device.info.kind == .openCLGPU ? 16 << 20 : 1 << 20
    let usual = min(max(pixels / (width * height), 1), 1024, items)
    return FitWorker(
      self, on: device, batch: batch ?? usual, profiling: profiling,
      cancellation: cancellation)
  }

  var counts: EffectiveCounts { EffectiveCounts(camera) }

  /// The graph of one batch, with the input "frames" [frame, y, x] in the movie's pixel type and
  /// the outputs that `ReceivedRows` reads.
  ///
  /// - Parameter capacity: the maximum number of spots.
  func graph(_ shape: BatchShape, capacity: Int) throws -> Graph {
    var graph = Graph()
    let (frames, sensor, selected) = try detected(shape, capacity: capacity, in: &graph)
    let gather = GatherSpots(
      box: settings.fit.box, firstFrame: shape.leading, offset: Float(camera.offset),
      gain: Float(counts.gain), scale: Float(counts.perElectron),
      saturation: Float(camera.saturation ?? (pixel == .uint16 ? 65535 : .infinity)))
    let gathered = try graph.apply(
      gather, to: [frames, selected[0], selected[2]] + (sensor?.all ?? []))
    graph.output("flags", gathered[1])
    if let axialFit {
      let fitted = try axialFit.apply(
        to: &graph, spots: gathered[0], total: selected[2], flags: gathered[1],
        noise: sensor == nil ? nil : gathered[2])
      graph.output("theta", fitted.theta)
      graph.output("iterations", fitted.iterations)
      graph.output("state", fitted.state)
      graph.output("bound", fitted.bound)
      graph.output("deviance", fitted.deviance)
      graph.output("chi_square", fitted.chiSquare)
      return graph
    }
    let noise = sensor == nil ? [] : [gathered[2]]
    guard let gaussian = settings.fit.gaussian else { preconditionFailure("validated settings") }
    let model = SpotModel(
      gaussian.widths, gaussian.estimator, gaussian.pixels, box: settings.fit.box,
      sigmaX: Float(gaussian.sigma), noise: Float(counts.noiseVariance))
    let fitted = try graph.apply(
      FitSpots(
        model, iterations: settings.fit.maxIterations, tolerance: Float(settings.fit.tolerance)),
      to: [gathered[0], selected[2], gathered[1]] + noise)
    graph.output("theta", fitted[0])
    graph.output("iterations", fitted[1])
    graph.output("state", fitted[2])
    let assessed = try graph.apply(
      AssessSpots(model), to: [gathered[0], fitted[0], selected[2], gathered[1]] + noise)
    graph.output("bound", assessed[0])
    graph.output("deviance", assessed[1])
    graph.output("chi_square", assessed[2])
    return graph
  }
}
