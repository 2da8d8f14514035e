import Compute
import Foundation
import Microscopy

/// A batch of simulated movies of blinking emitters.
///
/// Every number follows from seed and step (`Draws`), so a step can be repeated, on any device.
package struct Examples: TrainingExamples {
  package let settings: ExampleSettings
  /// Photoelectrons as one reads them from the camera, [frames, height, width, 1]; of a camera with
  /// electron multiplication half of them, so that noise is that of their number.
  package let frames: Graph.Value
  /// Photons of emitters that are targets, [movies, emitters, frames of a movie]; 0 for others.
  let photons: Graph.Value
  /// x and y in px, z in nm: [movies, emitters, 1] each.
  let x: Graph.Value
  let y: Graph.Value
  let z: Graph.Value
  /// Widths of the PSF along x and y, px, [movies, emitters, 2]; see `ExampleSpline` for a spline.
  let widths: Graph.Value
  /// Expected photons per pixel of the background, [frames, height, width, 1].
  let background: Graph.Value
  /// Variance of the read noise of a typical pixel, [frames, 1, 1, 1].
  let readVariance: Graph.Value
  /// The same of each pixel, [frames, height, width, 1]; [frames, 1, 1, 1] if all are alike.
  let pixelVariance: Graph.Value
  /// The background as a run would measure it, photons per pixel, [frames, 1, 1, 1].
  let level: Graph.Value
  /// Emitters that there was no room for, in the whole batch, [1].
  package let leftOut: Graph.Value

  init(_ settings: ExampleSettings, _ draws: inout Draws, in graph: inout Graph) throws {
    self.settings = settings
    let (movies, length, room) = (settings.movies, settings.length, settings.room)
    let each = [movies, 1, 1]
    func number(_ value: Double, _ shape: [Int]) -> Graph.Value {
      graph.constant(Tensor([Float(value)], shape: shape.map { _ in 1 }))
    }
    func with(_ kind: Binary.Kind, _ a: Graph.Value, _ b: Graph.Value) throws -> Graph.Value {
      try graph.apply(Binary(kind), a, b)
    }
    func chain(_ value: Graph.Value, _ steps: ElementwiseStep...) throws -> Graph.Value {
      try graph.apply(Elementwise(steps), value)
    }

    // Which emitters there are.
    let lifetime = try draws.values(in: settings.lifetime, each, in: &graph)
    let density = try draws.values(in: settings.density, each, in: &graph)
    let area = Double(settings.height * settings.width) * pow(settings.pixelSize / 1000, 2)
    let time = try chain(
      lifetime, .affine(scale: Float(ExampleSettings.before), shift: Float(length)))
    let mean = try with(
      .divide, with(.multiply, chain(density, .affine(scale: Float(area), shift: 0)), time),
      chain(lifetime, .affine(scale: 1, shift: 1)))
    let count = try draws.poisson(mean, in: &graph)
    leftOut = try graph.apply(
      Reduce(.sum, axes: [0, 1, 2], keepsAxes: false),
      chain(count, .affine(scale: 1, shift: -Float(room)), .atLeast(0)))
    let index = graph.constant(Tensor((0..<room).map(Float.init), shape: [1, room, 1]))
    let exists = try with(.less, index, count)

    // When they shine, and how brightly.
    let rows = [movies, room, 1]
    let earliest = try chain(lifetime, .affine(scale: -Float(ExampleSettings.before), shift: 0))
    let start = try with(
      .add, earliest, with(.multiply, draws.uniform(rows, in: &graph), time))
    let duration = try with(
      .multiply, lifetime,
      chain(
        draws.uniform(rows, in: &graph), .affine(scale: -1, shift: 1), .log,
        .affine(scale: -1, shift: 0)))
    let end = try with(.add, start, duration)
    let opening = graph.constant(Tensor((0..<length).map(Float.init), shape: [1, 1, length]))
    let closing = graph.constant(Tensor((1...length).map(Float.init), shape: [1, 1, length]))
    let covered = try chain(
      with(.subtract, with(.minimum, end, closing), with(.maximum, start, opening)), .atLeast(0))
    let half = number(0.5, each)
    let whole = try draws.coin(settings.wholeFrames, each, in: &graph)
    let share = try graph.either(whole, with(.atMost, half, covered), covered)
    let brightness = try draws.values(in: settings.photons, each, in: &graph)
    let spread = try draws.values(in: settings.spread, each, in: &graph)
    let flux = try with(
      .multiply, brightness,
      chain(with(.multiply, spread, draws.normal(rows, in: &graph)), .exp))
    let light = try with(.multiply, with(.multiply, flux, exists), share)

    // Where they are, and how wide.
    x = try draws.values(in: DrawnRange(-0.5, Double(settings.width) - 0.5), rows, in: &graph)
    y = try draws.values(in: DrawnRange(-0.5, Double(settings.height) - 0.5), rows, in: &graph)
    z = try draws.values(in: settings.heights, rows, in: &graph)
    let place = try graph.apply(Concat(), x, y)
    let depth = try chain(z, .affine(scale: Float(1 / settings.indexFactor), shift: 0))
    var splines: Graph.Value?
    switch settings.psf {
    case .gaussian(let sigma):
      let width = try graph.apply(
        Stretch(to: rows), draws.values(in: sigma, each, in: &graph))
      widths = try graph.apply(Concat(), width, width)
    case .astigmatic(let psf):
      widths = try graph.apply(
        Concat(), Self.width(psf.x, depth, in: &graph), Self.width(psf.y, depth, in: &graph))
    case .file(let file):
      let psf = try ExampleSpline(file.loaded)
      widths = try psf.widths(at: depth, in: &graph)
      splines = try psf.image(
        light, place, depth, height: settings.height, width: settings.width, in: &graph)
    }
    // An emitter is a target if its signal stands out from the noise of the pixels under it.
    let dark = try draws.values(in: settings.background, each, in: &graph)
    let variance = try draws.values(in: settings.readVariance, each, in: &graph)
    let noise = try chain(
      with(.add, dark, variance), .affine(scale: 4 * .pi, shift: 0), .sqrt,
      .affine(scale: Float(settings.leastSignal), shift: 0))
    let size = try chain(
      with(
        .multiply, graph.apply(SelectChannels(0..<1), widths),
        graph.apply(SelectChannels(1..<2), widths)), .sqrt)
    let least = try chain(
      with(.multiply, noise, size), .atLeast(Float(settings.leastPhotons)))
    photons = try with(.multiply, light, with(.atMost, least, light))

    let image =
      try splines
      ?? graph.apply(
        DrawEmitters(height: settings.height, width: settings.width), light, place, widths)

    // What a camera makes of it.
    let pixels = settings.height * settings.width
    let movieShape = [movies, length * pixels, 1]
    let frameShape = [movies * length, settings.height, settings.width, 1]
    func perPixel(_ value: Graph.Value) throws -> Graph.Value {
      try graph.reshaped(graph.apply(Stretch(to: movieShape), value), to: frameShape)
    }
    func perFrame(_ value: Graph.Value) throws -> Graph.Value {
      try graph.reshaped(
        graph.apply(Stretch(to: [movies, length, 1]), value), to: [movies * length, 1, 1, 1])
    }
    background = try graph.reshaped(
      with(
        .multiply, graph.reshaped(perPixel(dark), to: [movies, length, pixels]),
        graph.reshaped(Self.unevenness(settings, &draws, in: &graph), to: [movies, 1, pixels])),
      to: frameShape)
    let error = try chain(
      draws.normal(each, in: &graph), .affine(scale: Float(settings.levelError), shift: 0), .exp)
    level = try perFrame(with(.multiply, dark, error))
    readVariance = try perFrame(variance)
    let expected = try with(.add, image, background)
    let multiplied =
      settings.multiplied > 0 ? try draws.coin(settings.multiplied, each, in: &graph) : nil
    pixelVariance =
      try settings.pixelVariance(variance, multiplied: multiplied, &draws, in: &graph).map {
        try graph.reshaped(
          graph.apply(Stretch(to: [movies, length, pixels]), $0), to: frameShape)
      } ?? readVariance
    frames = try draws.recorded(
      expected, pixelVariance, multiplied.map(perFrame), in: &graph)
  }

  /// 1 for an emitter that is a target in a frame, otherwise 0, [movies, emitters, frames of a movie].
  func presence(in graph: inout Graph) throws -> Graph.Value {
    try graph.apply(Binary(.less), graph.constant(Tensor([0.0], shape: [1])), photons)
  }

  /// An image with a Gaussian of sum 1 at each target, [frames, height · finer, width · finer, 1].
  ///
  /// - Parameters:
  ///   - finer: how many times finer its pixels are than the frame's.
  ///   - sigma: of the Gaussians, in pixels of the image.
  func heatMap(finer: Int, sigma: Double, in graph: inout Graph) throws -> Graph.Value {
    // Pixel i of the image lies at (i + ½) / finer − ½.
    let place = Elementwise(
      .affine(scale: Float(finer), shift: 0.5 * Float(finer) - 0.5))
    let widths = try graph.apply(
      Stretch(to: [settings.movies, settings.room, 2]),
      graph.constant(Tensor([Float(sigma)], shape: [1, 1, 1])))
    return try graph.apply(
      DrawEmitters(height: settings.height * finer, width: settings.width * finer),
      to: [
        presence(in: &graph), graph.apply(Concat(), graph.apply(place, x), graph.apply(place, y)),
        widths,
      ])[0]
  }

  package var truth: ExampleTruth { .emitters(self) }

  package func batch(_ clock: Graph.Value, learns: Bool) -> ExampleBatch {
    ExampleBatch(
      learns: learns, length: settings.length, clock: clock, level: level, variance: readVariance)
  }

  /// The factor of the background at each pixel of a movie, [movies, height, width, 1]: the
  /// exponential of smooth noise with two grids of values, the finer one half as strong.
  private static func unevenness(
    _ settings: ExampleSettings, _ draws: inout Draws, in graph: inout Graph
  ) throws -> Graph.Value {
    let (movies, height, width) = (settings.movies, settings.height, settings.width)
    let amplitude = try draws.values(in: settings.unevenness, [movies, 1, 1, 1], in: &graph)
    let noise = try zip(settings.grids, [1, 0.5] as [Float]).map { spacing, share in
      let grid = try draws.normal([movies, height / spacing, width / spacing, 1], in: &graph)
      return try graph.apply(
        Elementwise(.affine(scale: share, shift: 0)),
        graph.apply(Upsample(.bilinear, by: spacing), grid))
    }
    return try graph.apply(
      Elementwise(.exp),
      graph.apply(Binary(.multiply), graph.apply(Add(), noise[0], noise[1]), amplitude))
  }

  /// The width at each height, px.
  private static func width(
    _ curve: WidthCurve, _ z: Graph.Value, in graph: inout Graph
  ) throws -> Graph.Value {
    func polynomial(_ coefficients: [Double], of t: Graph.Value) throws -> Graph.Value {
      var value = try graph.apply(
        Elementwise(.affine(scale: 0, shift: Float(coefficients.last ?? 0))), t)
      for coefficient in coefficients.dropLast().reversed() {
        let product = try graph.apply(Binary(.multiply), value, t)
        value = try graph.apply(
          Elementwise(.affine(scale: 1, shift: Float(coefficient))), product)
      }
      return value
    }
    switch curve {
    case .polynomial(let coefficients):
      // In µm, where single precision has room for sixth powers.
      let t = try graph.apply(Elementwise(.affine(scale: 1e-3, shift: 0)), z)
      return try polynomial(
        coefficients.enumerated().map { $1 * pow(1000, Double($0)) }, of: t)
    case .defocus(let width, let focus, let depth, let terms):
      let t = try graph.apply(
        Elementwise(.affine(scale: Float(1 / depth), shift: Float(-focus / depth))), z)
      let square = try polynomial([1, 0, 1] + terms, of: t)
      return try graph.apply(
        Elementwise(.atLeast(1e-3), .sqrt, .affine(scale: Float(width), shift: 0)), square)
    }
  }
}
