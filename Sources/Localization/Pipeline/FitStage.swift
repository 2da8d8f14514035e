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
  private let searched: (x: Range<Int>, y: Range<Int>)
  /// The PSF from which z is computed, in the range of z for which the box is large enough.
  let psf: CalibratedPSF?
  package let notes: [Message]
  /// Images of the PSF as templates for spot detection, with the detector psf.
  private let templates: PSFTemplates?
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
        ($0.x - origin.x..<$0.x - origin.x + $0.width, $0.y - origin.y..<$0.y - origin.y + $0.height)
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

  /// The least noise of the first wavelet plane, photoelectrons: that of half a photoelectron per
  /// pixel, or of 2 with an EM register, whose noise has a longer tail.
  ///
  /// With less light the median does not see the tail (`glint-accuracy --detection`). Floats may be in
  /// any unit, so they have no such limit.
  private var leastNoise: Float {
    guard pixel == .uint16 else { return 0 }
    let excess = camera.excessNoise
    let read = camera.readNoise / camera.emGain
    let light = excess * excess / 2
    return Float(Wavelet.fineNoise * (excess * light + read * read).squareRoot())
  }

  /// The wanted number of false positives; nil for the detector's threshold.
  private var falsePositives: FalsePositives? {
    settings.detection.falsePositives.map { rate in
      let own = camera.readNoise / camera.emGain
      let mapped = maps.map { maps in
        zip(maps.variance, maps.gain).map { Double($0) / (Double($1) * Double($1)) }.median
      }
      return FalsePositives(rate: rate, camera: camera, readNoise: mapped ?? own * own)
    }
  }

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

  /// Only the detection part of a batch's graph, for timings.
  package func detectionGraph(_ shape: BatchShape, capacity: Int) throws -> Graph {
    var graph = Graph()
    _ = try detected(shape, capacity: capacity, in: &graph)
    return graph
  }

  /// Adds detection with its outputs: peaks, score, total.
  private func detected(
    _ shape: BatchShape, capacity: Int, in graph: inout Graph
  ) throws -> (frames: Graph.Value, sensor: SensorMaps?, selected: [Graph.Value]) {
    let frames = graph.input(
      "frames", TensorType(pixel == .uint16 ? .uint16 : .float32, shape.total, height, width))
    let sensor = maps.map { SensorMaps($0, in: &graph) }
    let maxima = try detect(frames, sensor, shape, in: &graph)
    let selected = try graph.apply(
      SelectPeaks(width: width, capacity: capacity, columns: searched.x, rows: searched.y),
      to: [maxima.index, maxima.score, maxima.count, maxima.cutoff])
    graph.output("peaks", selected[0])
    graph.output("score", selected[1])
    graph.output("total", selected[2])
    return (frames, sensor, selected)
  }

  /// Maxima of a filtered image with their scores, and the cut-off of each frame.
  private struct Maxima {
    var index: Graph.Value
    var score: Graph.Value
    var count: Graph.Value
    var cutoff: Graph.Value
  }

  /// The frames in which the detector looks: calibrated, without background if that is asked for.
  private func prepared(
    _ frames: Graph.Value, _ sensor: SensorMaps?, _ shape: BatchShape, in graph: inout Graph
  ) throws -> Graph.Value {
    var (calibrate, calibration) = (
      Calibrate(offset: Float(camera.offset), gain: Float(counts.gain)),
      sensor.map { [$0.offset, $0.inverseGain] } ?? []
    )
    if case .gradient = settings.detection.detector {
      // Net gradients are in camera counts, as Picasso's thresholds are.
      (calibrate, calibration) = (Calibrate(), [])
    }
    let image = try graph.apply(calibrate, to: [frames] + calibration)[0]
    guard case .temporalMedian(let window) = settings.detection.background else { return image }
    return try graph.apply(
      TemporalMedian(window: window, first: shape.leading, count: shape.frames), image)
  }

  private func detect(
    _ frames: Graph.Value, _ sensor: SensorMaps?, _ shape: BatchShape, in graph: inout Graph
  ) throws -> Maxima {
    let image = try prepared(frames, sensor, shape, in: &graph)
    /// Listed values are divided by their noise near the frame's edges, relative to the middle.
    func maxima(
      _ filtered: Graph.Value, radius: Int, noise: EdgeNoise?, in graph: inout Graph
    ) throws -> [Graph.Value] {
      let weights = noise.map {
        graph.constant(Tensor($0.weights(width: width, height: height), shape: [height, width]))
      }
      return try graph.apply(
        LocalMaxima(radius: radius), to: [filtered] + (weights.map { [$0] } ?? []))
    }
    let falsePositives = falsePositives
    func cutoff(_ threshold: Double, in graph: inout Graph) -> Graph.Value {
      graph.constant(
        Tensor([Float](repeating: Float(threshold), count: shape.frames), shape: [shape.frames]))
    }
    /// The noise of each frame, in photoelectrons for an image in `unit` per photoelectron.
    func noise(_ fine: Graph.Value, unit: Double = 1, in graph: inout Graph) throws -> Graph.Value {
      let noise = try graph.apply(WaveletNoise(least: leastNoise * Float(unit)), fine)
      return unit == 1
        ? noise
        : try graph.apply(Elementwise(.affine(scale: Float(1 / unit), shift: 0)), noise)
    }
    switch settings.detection.detector {
    case .dog(let threshold, let sigma, let radius):
      let filter = DifferenceOfGaussians(narrow: sigma)
      let maxima = try maxima(
        graph.apply(filter, image), radius: radius, noise: filter.edgeNoise, in: &graph)
      let cutoff =
        if let falsePositives {
          try falsePositives.sums(filter.weights).apply(
            to: noise(graph.apply(Wavelet(), to: [image])[1], in: &graph), in: &graph)
        } else {
          try graph.apply(DynamicCutoff(factor: Float(threshold)), maxima[1], maxima[2])
        }
      return Maxima(index: maxima[0], score: maxima[1], count: maxima[2], cutoff: cutoff)
    case .wavelet(let threshold):
      let planes = try graph.apply(Wavelet(), to: [image])
      let maxima = try maxima(planes[0], radius: 1, noise: Wavelet.edgeNoise, in: &graph)
      let noise = try noise(planes[1], in: &graph)
      let cutoff =
        if let falsePositives {
          try falsePositives.sums(Wavelet.weights).apply(to: noise, in: &graph)
        } else {
          try graph.apply(Elementwise(.affine(scale: Float(threshold), shift: 0)), noise)
        }
      return Maxima(index: maxima[0], score: maxima[1], count: maxima[2], cutoff: cutoff)
    case .psf(let threshold, let radius):
      guard let templates else { preconditionFailure("validated settings") }
      let side = templates.side
      let taps = graph.constant(
        Tensor(templates.images, shape: [templates.heights.count, side, side]))
      let read = camera.readNoise / camera.emGain
      let variance = maps.map {
        graph.constant(
          Tensor(templates.variance(of: $0), shape: [height, width]))
      }
      let edges = graph.constant(
        Tensor(
          MatchedFilter.edges(templates.images, side: side, width: width, height: height),
          shape: [min(height, side), 2 * templates.heights.count + 1, width]))
      let score = try graph.apply(
        MatchedFilter(excess: Float(camera.excessNoise), readNoise: Float(read * read)),
        to: [image, taps, edges] + (variance.map { [$0] } ?? []))[0]
      let maxima = try maxima(
        score, radius: max(radius, templates.reach), noise: nil, in: &graph)
      let cutoff =
        if let falsePositives {
          try falsePositives.ratios(templates.weights).apply(
            to: noise(graph.apply(Wavelet(), to: [image])[1], in: &graph), in: &graph)
        } else {
          cutoff(threshold, in: &graph)
        }
      return Maxima(index: maxima[0], score: maxima[1], count: maxima[2], cutoff: cutoff)
    case .gradient(let threshold):
      let maxima = try maxima(image, radius: settings.fit.box / 2, noise: nil, in: &graph)
      let score = try graph.apply(
        NetGradient(box: settings.fit.box), image, maxima[0], maxima[2])
      let cutoff =
        if let falsePositives {
          // In camera counts, like the score.
          try graph.apply(
            Elementwise(.affine(scale: Float(counts.gain), shift: 0)),
            falsePositives.netGradients(box: settings.fit.box).apply(
              to: noise(graph.apply(Wavelet(), to: [image])[1], unit: counts.gain, in: &graph),
              in: &graph))
        } else {
          cutoff(threshold, in: &graph)
        }
      return Maxima(index: maxima[0], score: score, count: maxima[2], cutoff: cutoff)
    }
  }
}

extension FalsePositives.Cutoff {
  /// The cut-offs of frames, from their noise in photoelectrons.
  fileprivate func apply(to noise: Graph.Value, in graph: inout Graph) throws -> Graph.Value {
    let line = Elementwise(.affine(scale: Float(proportional), shift: Float(constant)))
    let curve = Elementwise(.reciprocal, .affine(scale: Float(inverse), shift: 0))
    return try graph.apply(Add(), graph.apply(line, noise), graph.apply(curve, noise))
  }
}

extension PSFTemplates {
  fileprivate var weights: [PixelWeights] {
    heights.indices.map { k in
      PixelWeights(
        images[k * side * side..<(k + 1) * side * side].map { Double($0) }, side: side)
    }
  }

  /// The variance of a template's sum at each pixel of a sensor, photoelectrons squared.
  ///
  /// The part of a pixel's noise above the sensor's median is weighted by the template that it
  /// affects most.
  fileprivate func variance(of maps: CameraMaps) -> [Float] {
    let noise = zip(maps.variance, maps.gain).map { Double($0) / (Double($1) * Double($1)) }
    let usual = noise.median
    var weights = [Double](repeating: 0, count: side * side)
    for (k, value) in images.enumerated() {
      weights[k % weights.count] = max(weights[k % weights.count], Double(value) * Double(value))
    }
    var result = [Double](repeating: usual, count: noise.count)
    for (place, value) in noise.enumerated() where value > usual {
      let (x, y) = (place % maps.width, place / maps.width)
      for v in max(y - side / 2, 0)...min(y + side / 2, maps.height - 1) {
        for u in max(x - side / 2, 0)...min(x + side / 2, maps.width - 1) {
          let weight = weights[(y - v + side / 2) * side + x - u + side / 2]
          result[v * maps.width + u] += weight * (value - usual)
        }
      }
    }
    return result.map { Float($0) }
  }
}
