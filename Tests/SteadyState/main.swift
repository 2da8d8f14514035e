// Counts the allocations of whole runs, in a separate process: steady-state FOLDER.
//
// For each case it prints a line: name, kind of table; allocations of a run over a part of a movie
// and over all of it; how many batches and rows (or frames of an image) more the second has; tiles
// per frame.
import CTestSupport
import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Optics
import Workflow

let folder = CommandLine.arguments[1]

/// Simulated frames in a file.
struct Film {
  let name: String
  let (width, height, frames): (Int, Int, Int)

  func write() throws {
    let simulation = try Simulation(
      SimulationSettings(
        width: width, height: height, frames: frames, psf: GaussianPSF(sigma: 1.2),
        blinking: .independent(perFrame: 3), photons: .fixed(photons: 1500),
        background: .flat(level: 8), camera: camera, seed: 3))
    var pixels = [UInt16](repeating: 0, count: width * height)
    let path = "\(folder)/\(name)"
    let tiff =
      name.hasSuffix(".tif") ? try TIFFMovieWriter(path: path, width: width, height: height) : nil
    let raw =
      tiff == nil
      ? try RawMovieWriter(path: path, width: width, height: height, sidecar: .yaml) : nil
    for frame in 0..<frames {
      pixels.withUnsafeMutableBufferPointer { simulation.frame(frame, into: $0) }
      try tiff?.append(pixels)
      try raw?.append(pixels)
    }
    try tiff?.finish()
    try raw?.finish()
  }
}

let camera = Camera(offset: 100, gain: 2, readNoise: 1.5)
let films = [
  Film(name: "m.raw", width: 40, height: 32, frames: 3200),
  Film(name: "m.tif", width: 40, height: 32, frames: 3200),
  Film(name: "small.raw", width: 16, height: 16, frames: 1200),
  Film(name: "large.raw", width: 320, height: 104, frames: 240),
  Film(name: "spectra.raw", width: 201, height: 7, frames: 24_000),
]
for film in films { try film.write() }

/// A quarter of a movie and all of it, through fits or a network.
struct Case {
  var film: Film
  var network: (any NetworkSystem)?
  /// Of the network; nil for its own.
  var threshold: Double?
  /// Of a run of the network, MiB.
  var memory = 1024
  /// Name of the output; nil for a table that is not written.
  var output: String?
  var batch = 8

  var isInference: Bool { output?.hasSuffix(".tif") == true || network?.task.givesImages == false }

  var recipe: Recipe {
    get throws {
      var recipe = Recipe()
      recipe.pixelSize = 100
      recipe.camera = camera
      guard let network else { return recipe }
      var settings = NetworkSettings(weights: "\(folder)/weights.safetensors")
      settings.threshold = threshold
      settings.memory = memory
      recipe.network = settings
      try SafeTensors.write(try Model(network, calm(network)).file, to: settings.weights)
      return recipe
    }
  }

  /// Runs over the first `count` frames; returns the allocations and the rows or images.
  func run(_ recipe: Recipe, frames count: Int) throws -> (made: Int, rows: Int) {
    let source = try Movies.open("\(folder)/\(film.name)")
    var recipe = recipe
    recipe.endFrame = count
    return isInference ? try infer(source, recipe) : try localize(source, recipe, frames: count)
  }

  private func infer(_ source: any Movie, _ recipe: Recipe) throws -> (made: Int, rows: Int) {
    let job = InferJob(
      source: source, recipe: recipe, maps: nil, devices: [CPUDevice(threads: 2)], threads: 2,
      output: "\(folder)/\(output ?? "")", overwrite: true)
    let before = glint_allocations_of_all_threads()
    let report = try job.run()
    return (glint_allocations_of_all_threads() - before, report.frames)
  }

  private func localize(
    _ source: any Movie, _ recipe: Recipe, frames count: Int
  ) throws -> (made: Int, rows: Int) {
    let info = source.info
    let region = try recipe.region(in: info)
    let localize = try LocalizeRun(
      source, stage: try recipe.stage(nil, for: region, in: info), frames: 0..<count,
      region: region, devices: [CPUDevice(threads: 2)], batch: batch)
    let writers = try output.map {
      try Tables.writer(
        path: "\(folder)/\($0)",
        field: FieldOfView(
          width: info.width, height: info.height, frames: count, pixelSize: 100),
        quantities: localize.quantities, overwrite: true)
    }
    let before = glint_allocations_of_all_threads()
    let report = try localize.run(into: writers.map { [$0] } ?? [])
    let made = glint_allocations_of_all_threads() - before
    writers?.abandon()
    return (made, report.localizations)
  }

  func count() throws {
    let recipe = try recipe
    let part = film.frames / 4
    _ = try run(recipe, frames: part)
    let short = try run(recipe, frames: part)
    let long = try run(recipe, frames: film.frames)
    let tiles =
      try network.map {
        try NetworkSummary(
          $0, height: film.height, width: film.width, memory: memory << 20,
          on: CPUDevice(threads: 2).info
        ).memory?.tiles ?? 0
      } ?? 1
    print(
      "\(network.map { type(of: $0).name } ?? "fits"):\(film.name)", output ?? "none", short.made,
      long.made, (film.frames - part) / batch, long.rows - short.rows, tiles)
  }

  /// Random weights with heads that do not saturate.
  private func calm(_ network: any NetworkSystem) -> Weights {
    var weights = network.network.randomWeights(seed: 6)
    for (name, tensor) in weights.tensors where name.hasSuffix("out_conv.weight") {
      let calm = name.hasPrefix("mt_heads") ? 0.1 : 1
      weights.tensors[name] = Tensor(
        tensor.values.map { Float($0 * calm) }, shape: tensor.type.shape)
    }
    return weights
  }
}

var decode = DECODE()
decode.features = 4
decode.scaling = InputScaling(scale: 0.01, shift: -0.2)
decode.results = DECODE.ResultScale(photons: 5000, z: 900, background: 200)
var map = DeepSTORM()
map.magnification = 4
var volume = DeepSTORM3D()
volume.planes = 4
volume.dilations = [1, 2]

let tables = [nil, "locs.csv", "locs.hdf5"]
var cases: [Case] = []
for film in films[..<2] {
  cases += tables.map { Case(film: film, output: $0) }
}
cases += tables.map { Case(film: films[0], network: decode, threshold: 0.7, output: $0) }
let (small, large, spectra) = (films[2], films[3], films[4])
cases += [
  Case(film: large, network: decode, threshold: 0.7, memory: 4, output: "locs.csv", batch: 2),
  Case(film: small, network: map, threshold: 0.01, output: "locs.csv", batch: 1),
  Case(film: small, network: FIDSTORM(), threshold: 0.01, output: "locs.csv", batch: 1),
  Case(film: small, network: volume, threshold: 0.01, output: "locs.csv", batch: 1),
  Case(film: small, network: DEFCoN(), output: "images.tif", batch: 1),
  Case(film: films[0], network: decode, output: "images.tif"),
  Case(film: spectra, network: SpeNet(), output: "classes.csv", batch: 256),
]
let wanted = CommandLine.arguments.dropFirst(2)
for item in cases
where wanted.isEmpty || wanted.contains(item.network.map { type(of: $0).name } ?? "fits") {
  try item.count()
}
