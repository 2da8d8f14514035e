import Compute
import Formats
import Foundation
import Microscopy
import Networks

/// Compares the peak memory that `glint networks` states with the one that a run of `glint`
/// reports, for each network and frame size.
///
/// Weights are random, frames are noise; the threshold gives about as many emitters as a dense
/// movie. Every run is a separate process.
struct MemoryBench {
  /// The program to measure.
  let glint: String
  let device: String
  let sizes: [Int]
  /// Part of a network's name; nil for all.
  let only: String?
  /// MiB that runs may take; nil for the default.
  let memory: Int?
  /// A folder in which weights, movies and results are kept; nil for a temporary one.
  let keep: String?

  private struct Case {
    let name: String
    let system: any NetworkSystem
  }

  private static let cases: [Case] = {
    var decode = DECODE()
    decode.scaling = InputScaling(scale: 0.02, shift: -2)
    decode.results = DECODE.ResultScale(photons: 5000, z: 900, background: 200)
    var paper = decode
    paper.layout = .paper
    return [
      Case(name: "deep-storm", system: DeepSTORM()), Case(name: "fid-storm", system: FIDSTORM()),
      Case(name: "decode", system: decode), Case(name: "decode-paper", system: paper),
      Case(name: "deepstorm3d", system: DeepSTORM3D()), Case(name: "spenet", system: SpeNet()),
      Case(name: "defcon", system: DEFCoN()),
    ]
  }()

  func run() throws {
    let folder = keep ?? NSTemporaryDirectory() + "glint-bench-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
    say("| network | frame | tiles | frames at a time | said, MiB | measured, MiB | ratio |")
    say("|---|---|---|---|---|---|---|")
    for item in Self.cases where only.map({ item.name.contains($0) }) ?? true {
      // Spectra have one size.
      for size in item.system.inputSize == nil ? sizes : [0] {
        try run(item, size, in: folder)
      }
    }
  }

  private func run(_ item: Case, _ size: Int, in folder: String) throws {
    let model = try Model(item.system, Self.weights(of: item.system))
    let (height, width) = item.system.inputSize ?? (size, size)
    let weights = "\(folder)/\(item.name).safetensors"
    try SafeTensors.write(try model.file, to: weights)
    let pace = model.pace(
      height: height, width: width, on: try Devices.named(device, threads: nil).info)
    // The reader's three buffers are full; spectra come in hundreds.
    let frames = item.system.inputSize == nil ? 3 * pace.batch : 600
    let movie = try writeMovie("\(folder)/movie.tif", frames, height, width)
    let common =
      ["--weights", weights, "--device", device] + (memory.map { ["--memory", "\($0)"] } ?? [])
    let said = try glint(
      [
        "networks", "--network", type(of: item.system).name, "--size", "\(width)x\(height)",
        "--json",
      ]
        + common)
    let verb =
      try threshold(model).map {
        ["localize", movie, "-o", "\(folder)/locs.hdf5", "--threshold", "\($0)"]
      } ?? ["infer", movie, "-o", "\(folder)/out.\(item.system.task.givesImages ? "tif" : "csv")"]
    let report = "\(folder)/report.json"
    _ = try glint(verb + common + ["--json", report, "--force", "--quiet"])
    let peak = try object(Data(contentsOf: URL(fileURLWithPath: report)))["peak_memory_bytes"]
    guard let networks = try object(said)["networks"] as? [[String: Any]],
      let memory = networks.first?["memory"] as? [String: Any], let total = memory["total"] as? Int,
      let batch = memory["batch"] as? Int, let tiles = memory["tiles"] as? Int,
      let peak = peak as? Int
    else { throw Failure(words: "no figures for \(item.name) at \(width)×\(height)") }
    say(
      "| \(item.name) | \(width)×\(height) | \(tiles) | \(batch) | \(total >> 20) | \(peak >> 20) | "
        + String(format: "%.2f |", Double(total) / Double(peak)))
  }

  /// Prints a line immediately, even to a file.
  private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

  /// Random weights; DECODE's heads are set so that probabilities are small and vary.
  private static func weights(of system: any NetworkSystem) -> Weights {
    var weights = system.network.randomWeights(seed: 6)
    for (name, tensor) in weights.tensors
    where name.hasPrefix("mt_heads") && name.hasSuffix("out_conv.weight")
      || name.hasPrefix("out_module") && name.hasSuffix("out2.weight")
    {
      weights.tensors[name] = Tensor(
        tensor.values.map { Float($0 / 10) }, shape: tensor.type.shape)
    }
    for name in ["mt_heads.0.out_conv.bias", "out_module.p_out2.bias"]
    where weights.tensors[name] != nil {
      weights.tensors[name] = Tensor([-2] as [Float], shape: [1])
    }
    return weights
  }

  /// The score above which 1/400 of the pixels have an emitter; nil for a network that finds none.
  private func threshold(_ model: Model) throws -> Float? {
    let side = 64
    guard let own = model.system.task.threshold,
      let head = model.system.task.list(threshold: .leastNormalMagnitude, room: 1 << 20)
    else { return nil }
    let tiled = try TiledNetwork(
      model, batch: 1, height: side, width: side, on: CPUDevice(), head: head)
    let frame = Self.noise(side * side, seed: 1)
    var list = EmitterList()
    try frame.withUnsafeBytes {
      try tiled.list(
        FrameStack($0, .uint16, height: side, width: side), answering: 0..<1, into: &list)
    }
    // A peak's height is its last number, a probability the first.
    let place = if case .peaks = head { list.width - 1 } else { 0 }
    let scores = list.sorted.map { list.values[$0 * list.width + place] }.sorted(by: >)
    return scores.isEmpty ? own : scores[min(side * side / 400, scores.count - 1)]
  }

  private func writeMovie(
    _ path: String, _ frames: Int, _ height: Int, _ width: Int
  ) throws -> String {
    let writer = try TIFFMovieWriter(path: path, width: width, height: height, overwrite: true)
    for frame in 0..<frames {
      try writer.append(Self.noise(height * width, seed: UInt64(frame + 1)))
    }
    try writer.finish()
    return path
  }

  /// Counts between 100 and 227.
  private static func noise(_ count: Int, seed: UInt64) -> [UInt16] {
    var random = SampleGenerator(seed: seed)
    return (0..<count).map { _ in 100 + UInt16(truncatingIfNeeded: random.next() >> 40) % 128 }
  }

  /// The program's output.
  private func glint(_ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: glint)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    // Exit code 1: done, with nothing found.
    guard process.terminationStatus <= 1 else {
      throw Failure(words: "glint \(arguments.joined(separator: " ")) failed")
    }
    return output
  }

  private func object(_ json: Data) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: json) as? [String: Any] ?? [:]
  }

  private struct Failure: Error, CustomStringConvertible {
    let words: String
    var description: String { words }
  }
}
