import Compute
import Reporting

/// A batch of simulated spectral images, each of one molecule of some dye.
///
/// A band of a dye's spectrum is a Gaussian along x, as wide as the band and the PSF together. Photons,
/// background, read noise and the width of the PSF are drawn for each image. What says how molecules
/// blink and lie in a movie has no effect.
package struct SpectralExamples: TrainingExamples {
  package let frames: Graph.Value
  package let leftOut: Graph.Value
  /// 1 for the dye, 0 for the others, [frames, dyes].
  let classes: Graph.Value
  /// The background as a run would measure it, and the read noise's variance, [frames, 1, 1, 1].
  private let level: Graph.Value
  private let readVariance: Graph.Value

  package var truth: ExampleTruth { .classes(classes) }

  /// - Parameter names: of the dyes, in the order of classes.
  /// - Throws: `SettingsError` if the settings do not describe spectra of these dyes.
  init(
    _ settings: ExampleSettings, of names: [String], _ draws: inout Draws, in graph: inout Graph
  ) throws {
    guard let spectra = settings.spectra, case .gaussian(let sigma) = settings.psf else {
      throw SettingsError(
        "this network learns from spectra",
        hint: "the recipe states `examples.spectra`, and a Gaussian as `examples.psf`")
    }
    let dyes = try names.map { name in
      guard let dye = spectra.dyes.first(where: { $0.name == name }) else {
        throw SettingsError(
          "there is no spectrum of \(name)",
          hint: "state it in the recipe's `examples.spectra.dyes`")
      }
      return dye
    }
    let count = settings.frames
    let each = [count, 1, 1]
    func with(_ kind: Binary.Kind, _ a: Graph.Value, _ b: Graph.Value) throws -> Graph.Value {
      try graph.apply(Binary(kind), a, b)
    }
    func chain(_ value: Graph.Value, _ steps: ElementwiseStep...) throws -> Graph.Value {
      try graph.apply(Elementwise(steps), value)
    }
    func noise(_ deviation: Double) throws -> Graph.Value {
      try chain(draws.normal(each, in: &graph), .affine(scale: Float(deviation), shift: 0))
    }

    // The dye of each image, and the bands of its spectrum.
    let pick = try chain(
      draws.uniform([count, 1], in: &graph), .affine(scale: Float(dyes.count), shift: 0))
    func begun(_ shift: Int) throws -> Graph.Value {
      let starts = dyes.indices.map { Float($0 + shift) }
      return try with(.atMost, graph.constant(Tensor(starts, shape: [1, dyes.count])), pick)
    }
    let classes = try with(.subtract, begun(0), begun(1))
    self.classes = classes
    let bands = dyes.map(\.bands.count).max() ?? 0
    /// A number of each band of the image's dye, [frames, bands, 1]; `missing` for those it lacks.
    func chosen(
      missing: Double, _ number: (SpectrumSettings.Band, SpectrumSettings.Dye) -> Double
    ) throws -> Graph.Value {
      let table = dyes.flatMap { dye in
        (0..<bands).map { Float($0 < dye.bands.count ? number(dye.bands[$0], dye) : missing) }
      }
      let rows = try with(
        .multiply, graph.reshaped(classes, to: [count, dyes.count, 1]),
        graph.constant(Tensor(table, shape: [1, dyes.count, bands])))
      return try graph.reshaped(
        graph.apply(Reduce(.sum, axes: [1]), rows), to: [count, bands, 1])
    }
    let (start, dispersion) = (spectra.start, spectra.dispersion)
    let place = try chosen(missing: 0) { band, _ in (band.peak - start) / dispersion }
    let width = try chosen(missing: 1) { band, _ in band.width / abs(dispersion) }
    let share = try chosen(missing: 0) { band, dye in
      band.light / dye.bands.reduce(0) { $0 + $1.light }
    }

    let rows = [count, bands, 1]
    let spread = try draws.values(in: settings.spread, each, in: &graph)
    let photons = try with(
      .multiply, draws.values(in: settings.photons, each, in: &graph),
      chain(with(.multiply, spread, draws.normal(each, in: &graph)), .exp))
    let size = try draws.values(in: sigma, each, in: &graph)
    let shift = try with(
      .add, noise(spectra.heterogeneity / dispersion), noise(spectra.placeError))
    let down = try chain(
      noise(spectra.placeError), .affine(scale: 1, shift: Float(settings.height - 1) / 2))
    let across = try chain(with(.add, chain(width, .square), chain(size, .square)), .sqrt)
    func ofBands(_ value: Graph.Value) throws -> Graph.Value {
      try graph.apply(Stretch(to: rows), value)
    }
    let light = try graph.apply(
      DrawEmitters(height: settings.height, width: settings.width, reach: settings.width),
      with(.multiply, photons, share),
      graph.apply(Concat(), with(.add, place, shift), ofBands(down)),
      graph.apply(Concat(), across, ofBands(size)))

    func perImage(_ value: Graph.Value) throws -> Graph.Value {
      try graph.reshaped(value, to: [count, 1, 1, 1])
    }
    let background = try draws.values(in: settings.background, each, in: &graph)
    level = try perImage(with(.multiply, background, chain(noise(settings.levelError), .exp)))
    readVariance = try perImage(draws.values(in: settings.readVariance, each, in: &graph))
    let multiplied =
      settings.multiplied > 0
      ? try perImage(draws.coin(settings.multiplied, each, in: &graph)) : nil
    frames = try draws.recorded(
      with(.add, light, perImage(background)), readVariance, multiplied, in: &graph)
    leftOut = graph.constant(Tensor([0.0], shape: [1]))
  }

  package func batch(_ clock: Graph.Value, learns: Bool) -> ExampleBatch {
    ExampleBatch(learns: learns, length: 1, clock: clock, level: level, variance: readVariance)
  }
}
