import Compute
import Microscopy
import Optics

/// Detection: from the camera's frames to a list of peaks.
extension FitStage {
  /// Only the detection part of a batch's graph, for timings.
  package func detectionGraph(_ shape: BatchShape, capacity: Int) throws -> Graph {
    var graph = Graph()
    _ = try detected(shape, capacity: capacity, in: &graph)
    return graph
  }

  /// Adds detection with its outputs: peaks, score, total.
  func detected(
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
      try graph.apply(
        LocalMaxima(radius: radius), to: [filtered] + weights(noise, in: &graph))
    }
    func stated(_ threshold: Double, in graph: inout Graph) -> Graph.Value {
      graph.constant(
        Tensor([Float](repeating: Float(threshold), count: shape.frames), shape: [shape.frames]))
    }
    let falsePositives = falsePositives
    switch settings.detection.detector {
    case .dog(let threshold, let sigma, let radius):
      let filter = DifferenceOfGaussians(narrow: sigma)
      let maxima = try maxima(
        graph.apply(filter, image), radius: radius, noise: filter.edgeNoise, in: &graph)
      let cutoff =
        try falsePositives.map { try level($0.sums(filter.weights), in: image, of: &graph) }
        ?? graph.apply(DynamicCutoff(factor: Float(threshold)), maxima[1], maxima[2])
      return Maxima(index: maxima[0], score: maxima[1], count: maxima[2], cutoff: cutoff)
    case .wavelet(let threshold):
      let planes = try graph.apply(Wavelet(), to: [image])
      let maxima = try maxima(planes[0], radius: 1, noise: Wavelet.edgeNoise, in: &graph)
      let noise = try graph.apply(WaveletNoise(least: leastNoise), planes[1])
      let cutoff =
        try falsePositives.map { try $0.sums(Wavelet.weights).apply(to: noise, in: &graph) }
        ?? graph.apply(Elementwise(.affine(scale: Float(threshold), shift: 0)), noise)
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
        try falsePositives.map { try level($0.ratios(templates.weights), in: image, of: &graph) }
        ?? stated(threshold, in: &graph)
      return Maxima(index: maxima[0], score: maxima[1], count: maxima[2], cutoff: cutoff)
    case .gradient(let threshold):
      let maxima = try maxima(image, radius: settings.fit.box / 2, noise: nil, in: &graph)
      let gradient = NetGradient(box: settings.fit.box)
      let score = try graph.apply(
        gradient,
        to: [image, maxima[0], maxima[2]]
          + weights(falsePositives.map { _ in gradient.edgeNoise }, in: &graph))[0]
      let cutoff =
        try falsePositives.map { wanted in
          // In camera counts, like the score.
          let scale = Elementwise(.affine(scale: Float(counts.gain), shift: 0))
          let level = try level(
            wanted.netGradients(box: settings.fit.box), in: image, unit: counts.gain, of: &graph)
          return try graph.apply(scale, level)
        } ?? stated(threshold, in: &graph)
      return Maxima(index: maxima[0], score: score, count: maxima[2], cutoff: cutoff)
    }
  }

  /// The map of the noise near the frame's edges, if there is one.
  private func weights(_ noise: EdgeNoise?, in graph: inout Graph) -> [Graph.Value] {
    guard let noise else { return [] }
    let weights = noise.weights(width: width, height: height)
    return [graph.constant(Tensor(weights, shape: [height, width]))]
  }

  /// The cut-off of each frame of an image that has `unit` per photoelectron.
  private func level(
    _ cutoff: FalsePositives.Cutoff, in image: Graph.Value, unit: Double = 1, of graph: inout Graph
  ) throws -> Graph.Value {
    let fine = try graph.apply(Wavelet(), to: [image])[1]
    let noise = try graph.apply(WaveletNoise(least: leastNoise * Float(unit)), fine)
    let electrons = Elementwise(.affine(scale: Float(1 / unit), shift: 0))
    return try cutoff.apply(to: unit == 1 ? noise : graph.apply(electrons, noise), in: &graph)
  }

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
