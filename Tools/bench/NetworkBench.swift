import Compute
import Foundation
import Networks

/// Whole networks with random weights, on frames of the sizes used in comparisons.
///
/// DECODE "per window" is the authors' program: the first U-Net on each of a window's frames
/// (`decode-trunk`), the second and the heads on the window (`decode-union`). On a movie the first
/// runs once per frame.
struct NetworkBench {
  let device: any Device
  let runs: Int
  /// Part of a case's name; nil for all.
  let only: String?
  let profiling: Bool

  struct Case {
    let name: String
    let network: Network
    let batch: Int
    let side: Int

    /// Floating-point operations of direct convolutions.
    var flops: Double { 2 * Double(batch * network.multiplications(height: side, width: side)) }
  }

  static let cases: [Case] = {
    var volume = DeepSTORM3D()
    volume.planes = 64
    let plain = [DeepSTORM().network, volume.network, DECODE().network].map {
      var network = $0
      network.scaling = InputScaling()
      return network
    }
    let (trunk, union) = decodeHalves
    return [
      Case(name: "deep-storm-256", network: plain[0], batch: 1, side: 32),
      Case(name: "deep-storm-512", network: plain[0], batch: 1, side: 64),
      Case(name: "deepstorm3d", network: plain[1], batch: 1, side: 121),
      Case(name: "decode-trunk-64", network: trunk, batch: 48, side: 64),
      Case(name: "decode-union-64", network: union, batch: 16, side: 64),
      Case(name: "decode-trunk-256", network: trunk, batch: 3, side: 256),
      Case(name: "decode-union-256", network: union, batch: 1, side: 256),
      Case(name: "decode-movie-64", network: plain[2], batch: movieBatch, side: 64),
    ]
  }()

  /// Number of frames of the movie that goes through `TiledNetwork`, and of frames at a time.
  static let movieFrames = 94
  static let movieBatch = 16

  func run() throws {
    for item in Self.cases where only.map(item.name.contains) ?? true {
      if item.name.hasPrefix("decode-movie") {
        try runMovie(item)
      } else {
        try run(item)
      }
    }
  }

  private func run(_ item: Case) throws {
    let before = resident("VmRSS")
    let graph = try item.network.graph(
      item.network.randomWeights(seed: 1), batch: item.batch, height: item.side, width: item.side)
    let executable = try device.compile(Plan(graph, for: device.info), profiling: true)
    let values = item.batch * item.side * item.side * item.network.channels
    try executable.write("frames", Self.noise(values))
    let output = item.network.outputs[0].name
    var first: [Float] = [0]
    let (median, least, most) = try time(runs) {
      try executable.run()
      try first.withUnsafeMutableBytes { try executable.read(output, into: $0) }
    }
    print(
      String(
        format:
          "%@: %.1f ms (median of %d; %.1f to %.1f), %.0f GFLOP/s, plan %d and weights %d MiB",
        item.name, median * 1e3, runs, least * 1e3, most * 1e3, item.flops / median * 1e-9,
        executable.plan.bytes >> 20, executable.plan.heldBytes >> 20)
        + ", resident +\((resident("VmHWM") - before) >> 10) MiB")
    guard profiling else { return }
    for row in executable.profile {
      let each = row.seconds / Double(max(row.runs, 1))
      print(
        String(
          format: "    %8.3f ms %7.1f GFLOP/s %6.1f GB/s  ", each * 1e3, row.flopRate * 1e-9,
          row.byteRate * 1e-9) + "\(row.op) [\(row.candidate)]")
    }
  }

  /// From frames in memory to tables of emitters in memory, including batches and their overlap.
  private func runMovie(_ item: Case) throws {
    let model = try Model(DECODE(), item.network.randomWeights(seed: 1))
    let tiled = try TiledNetwork(
      model, batch: item.batch, height: item.side, width: item.side, on: device, memory: 4 << 30)
    let movie = Self.noise(Self.movieFrames * item.side * item.side)
    var result = [Float](
      repeating: 0,
      count: Self.movieFrames * item.side * item.side
        * item.network.channels(of: item.network.outputs[0].value))
    let (median, least, most) = try time(runs) {
      try movie.withUnsafeBytes { bytes in
        let stack = FrameStack(bytes, .float32, height: item.side, width: item.side)
        try result.withUnsafeMutableBufferPointer {
          try tiled.image(stack, answering: 0..<Self.movieFrames, into: $0)
        }
      }
    }
    let count = Double(Self.movieFrames)
    print(
      String(
        format: "%@: %.2f ms per frame (median of %d; %.2f to %.2f), %.1f frames/s, %d MiB",
        item.name, median / count * 1e3, runs, least / count * 1e3, most / count * 1e3,
        count / median, tiled.memory >> 20))
  }

  /// A line of the process's own status, KiB; 0 where the system has none.
  private func resident(_ line: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let found = status.split(separator: "\n").first { $0.hasPrefix(line) }
    return found.flatMap { Int($0.filter(\.isNumber)) } ?? 0
  }

  /// Writes each case as ONNX and prints its name and input, for other engines.
  static func export(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for item in cases {
      let weights = item.network.randomWeights(seed: 1)
      try Data(item.network.onnx(weights, name: item.name))
        .write(to: URL(fileURLWithPath: "\(folder)/\(item.name).onnx"))
      print(
        "\(item.name) \(item.batch) \(item.network.channels) \(item.side) \(item.side) "
          + String(format: "%.4g", item.flops))
    }
  }

  /// Values that neither vanish nor grow on their way through a network.
  private static func noise(_ count: Int) -> [Float] {
    var random = SampleGenerator(seed: 1)
    return (0..<count).map { _ in Float(random.next() >> 40) / Float(1 << 23) - 1 }
  }

  /// The parts of DECODE that run per frame of a window, and once per window of three.
  private static var decodeHalves: (trunk: Network, union: Network) {
    let width = 48
    func block(_ net: inout Network, _ x: Network.Value, _ name: String, _ width: Int)
      -> Network.Value
    {
      let y = net.convolution(x, "\(name).0", 3, to: width, .elu(1))
      return net.convolution(y, "\(name).2", 3, to: width, .elu(1))
    }
    func unet(_ net: inout Network) -> Network.Value {
      var skips: [Network.Value] = []
      var x = net.input
      for level in 0..<2 {
        x = block(&net, x, "encoder.\(level)", width << level)
        skips.append(x)
        x = net.convolution(
          x, "pooler.\(level)", .valid(2, stride: 2), to: width << level)
      }
      x = block(&net, x, "base", width << 2)
      for level in [1, 0] {
        let up = net.convolution(net.upsample(x), "up.\(level)", 1, to: width << level)
        x = block(&net, net.concat(skips[level], up), "decoder.\(level)", width << level)
      }
      return net.convolution(x, "out", 1, to: width)
    }
    var trunk = Network(channels: 1)
    trunk.output("features", unet(&trunk))
    var union = Network(channels: 3 * width)
    let x = unet(&union)
    let heads = [1, 4, 4, 1].enumerated().map { index, outputs in
      union.convolution(
        union.convolution(x, "head.\(index).0", 3, to: width, .elu(1)), "head.\(index).1", 1,
        to: outputs)
    }
    union.output("emitters", union.concat(heads))
    return (trunk, union)
  }
}
