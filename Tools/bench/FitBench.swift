import Compute
import Foundation
import Optics

/// Fits per second on spots that are already in memory, including bound and assessment.
struct FitBench {
  let device: any Device
  let runs: Int
  /// Raw float32 spots [n, box, box]; nil to simulate them.
  let file: String?
  let box: Int

  func run() throws {
    let spots = try file.map(read) ?? simulate(count: 100_000)
    let timing = FitTiming(device: device, runs: runs, box: box)
    for sigma in [SpotModel.Sigmas.elliptical, .free, .fixed] {
      let model = SpotModel(sigma, box: box, sigmaX: 1.2)
      let (_, ops) = try timing.measure("\(sigma)", spots) { graph, spots, total in
        let fitted = try graph.apply(FitSpots(model), to: [spots, total])
        let assessed = try graph.apply(AssessSpots(model), to: [spots, fitted[0], total])
        return FitTiming.Outputs(theta: fitted[0], iterations: fitted[1], bound: assessed[0])
      }
      for op in ops { print(String(format: "    %@ %.0f ns per spot", op.name, op.nanoseconds)) }
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
