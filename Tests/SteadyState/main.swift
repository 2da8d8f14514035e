// Counts the allocations of whole runs, in a process of their own: steady-state FOLDER.
//
// For each kind of movie and of table, and for a network, it prints a line: allocations of a run over a
// part of a movie and over all of it, batches and rows that the second has more.
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
let (frames, part, batch) = (4800, 1200, 8)
let networkThreshold = 0.7

/// Runs over the first `count` frames; returns the allocations and the rows.
func run(
  _ movie: String, _ table: String?, weights: String? = nil, frames count: Int
) throws -> (made: Int, rows: Int) {
  let source = try Movies.open(movie)
  var recipe = Recipe()
  if let weights {
    recipe.network.weights = weights
    recipe.network.threshold = networkThreshold
  }
  recipe.camera = Camera(offset: 100, gain: 2, readNoise: 1.5)
  recipe.endFrame = count
  let info = source.info
  let region = try recipe.region(in: info)
  let localize = try LocalizeRun(
    source, pipeline: try recipe.pipeline(nil, for: region, in: info), frames: 0..<count,
    region: region, device: CPUDevice(threads: 2), batch: batch, note: { print($0) })
  let writers = try table.map {
    try Tables.writer(
      path: $0,
      field: FieldOfView(width: info.width, height: info.height, frames: count, pixelSize: 100),
      quantities: localize.quantities, overwrite: true)
  }
  let before = glint_allocations_of_all_threads()
  let report = try localize.run(
    into: writers.map { [$0] } ?? [], progress: Progress(total: count, unit: "frames", quiet: true))
  let made = glint_allocations_of_all_threads() - before
  writers?.abandon()
  return (made, report.localizations)
}

let simulation = try Simulation(
  SimulationSettings(
    width: 40, height: 32, frames: frames, psf: GaussianPSF(sigma: 1.2),
    blinking: .independent(perFrame: 3), photons: .fixed(photons: 1500),
    background: .flat(level: 8), camera: Camera(offset: 100, gain: 2, readNoise: 1.5), seed: 3))
var pixels = [UInt16](repeating: 0, count: 40 * 32)
let tiff = try TIFFMovieWriter(path: folder + "/m.tif", width: 40, height: 32)
let raw = try RawMovieWriter(path: folder + "/m.raw", width: 40, height: 32, sidecar: .yaml)
for frame in 0..<frames {
  pixels.withUnsafeMutableBufferPointer { simulation.frame(frame, into: $0) }
  try tiff.append(pixels)
  try raw.append(pixels)
}
try tiff.finish()
try raw.finish()
var decode = DECODE()
decode.features = 4
decode.scaling = InputScaling(scale: 0.01, shift: -0.2)
decode.results = DECODE.ResultScale(photons: 5000, z: 900, background: 200)
// Heads that do not saturate: tiny numbers are written by a way that allocates.
var weights = decode.network.randomWeights(seed: 6)
for (name, tensor) in weights.tensors where name.hasSuffix("out_conv.weight") {
  let calm = name.hasPrefix("mt_heads") ? 0.1 : 1
  weights.tensors[name] = Tensor(
    tensor.values.map { Float($0 * calm) }, shape: tensor.type.shape)
}
let model = try Model(decode, weights)
try SafeTensors.write(try model.file, to: folder + "/decode.safetensors")

for file in [nil, "decode.safetensors"] {
  for movie in ["m.raw", "m.tif"] {
    for table in [nil, "locs.csv", "locs.hdf5"] {
      let (path, output) = ("\(folder)/\(movie)", table.map { "\(folder)/\($0)" })
      let network = file.map { "\(folder)/\($0)" }
      _ = try run(path, output, weights: network, frames: part)
      let short = try run(path, output, weights: network, frames: part)
      let long = try run(path, output, weights: network, frames: frames)
      print(
        movie, table ?? "none", short.made, long.made, (frames - part) / batch,
        long.rows - short.rows)
    }
  }
}
