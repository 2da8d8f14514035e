import Compute
import Foundation
import Optics

/// Fits per second on spots that lie ready in memory, bound and goodness included.
struct FitBench {
  let device: any Device
  let runs: Int
  /// Raw float32 spots [n, box, box]; simulated where nil.
  let file: String?
  let box: Int

  func run() throws {
    let spots = try file.map(read) ?? simulate(count: 100_000)
    let count = spots.count / (box * box)
    for sigma in [SpotModel.Sigmas.elliptical, .free, .fixed] {
      let model = SpotModel(sigma, box: box, sigmaX: 1.2)
      var graph = Graph()
      let input = graph.input("spots", TensorType(.float32, count, box * box))
      let total = graph.constant(Tensor([Int32(count)], shape: [1]))
      let fitted = try graph.apply(FitSpots(model), to: [input, total])
      let assessed = try graph.apply(AssessSpots(model), to: [input, fitted[0], total])
      graph.output("theta", fitted[0])
      graph.output("iterations", fitted[1])
      graph.output("bound", assessed[0])
      let executable = try device.compile(Plan(graph, for: device.info), profiling: true)
      try executable.write("spots", spots)
      let (median, least, most) = try time(runs) {
        try executable.run()
        _ = try executable.read("iterations")
      }
      let iterations = try executable.read("iterations").values
      let mean = iterations.reduce(0, +) / Double(count)
      print(
        String(
          format: "%@ %d×%d: %.0f fits/s (median of %d; %.0f to %.0f), %.2f iterations per spot",
          "\(sigma)", box, box, Double(count) / median, runs, Double(count) / most,
          Double(count) / least, mean))
      for row in executable.profile {
        let each = row.seconds / Double(max(row.runs, 1)) / Double(count) * 1e9
        print(String(format: "    %@ %.0f ns per spot", row.op, each))
      }
    }
  }

  private func read(_ path: String) throws -> [Float] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// Poisson spots of 1000 photons, σ 1.2 px, background 10, anywhere in the central pixel.
  private func simulate(count: Int) throws -> [Float] {
    let psf = GaussianPSF(sigma: 1.2)
    var random = RandomStream(seed: 7, purpose: 99, index: 0)
    let middle = box / 2
    var spots: [Float] = []
    spots.reserveCapacity(count * box * box)
    for _ in 0..<count {
      let x = random.uniform() - 0.5
      let y = random.uniform() - 0.5
      for v in 0..<box {
        for u in 0..<box {
          let light =
            1000 * psf.profileX(at: u - middle, centre: x).value
            * psf.profileY(at: v - middle, centre: y).value
          spots.append(Float(random.poisson(light + 10)))
        }
      }
    }
    return spots
  }
}
