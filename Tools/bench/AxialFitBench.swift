import Compute
import Foundation
import Microscopy
import Optics

/// Fits of z per second, including bound and assessment: an astigmatic Gaussian, and a cubic spline
/// of the size of a calibration (27×27 knots, 10 nm apart along z, 21 MB).
struct AxialFitBench {
  let device: any Device
  let runs: Int
  let box: Int

  func run() throws {
    let lens = AstigmaticPSF.typical
    let spline = try SplinePSF(sampling: lens, side: 27, zStep: 10)
    let spots = simulate(lens, count: 20_000)
    let timing = FitTiming(device: device, runs: runs, box: box)
    for (name, psf) in [
      ("astigmatic", CalibratedPSF.astigmatic(lens)), ("spline", .spline(spline)),
    ] {
      let (iterations, ops) = try timing.measure(name, spots) { graph, spots, total in
        let fitted = try AxialFit(psf, box: box).apply(to: &graph, spots: spots, total: total)
        return FitTiming.Outputs(
          theta: fitted.theta, iterations: fitted.iterations, bound: fitted.bound)
      }
      for op in ops {
        var line = String(format: "    %@ %.0f ns per spot", op.name, op.nanoseconds)
        if name == "spline" {
          // 123 fused multiply-adds for the spline and its derivatives, 30 operations for the sums.
          let evaluations = op.name.hasPrefix("fit") ? iterations : 1
          let flops = Double(box * box) * 276 * evaluations
          let bytes = Double(box * box) * 256 * evaluations
          line += String(
            format: ", %.1f GFLOP/s, %.1f GB/s of coefficients", flops / op.nanoseconds,
            bytes / op.nanoseconds)
        }
        print(line)
      }
    }
  }

  /// Poisson spots of 2000 photons, background 10, anywhere in the central pixel and the z range.
  private func simulate(_ psf: AstigmaticPSF, count: Int) -> [Float] {
    var random = RandomStream(seed: 7, purpose: 99, index: 1)
    let half = box / 2
    return (0..<count).flatMap { _ in
      let (x, y) = (random.uniform() - 0.5, random.uniform() - 0.5)
      let z =
        psf.zRange.lowerBound * 0.9 + random.uniform() * 0.9
        * (psf.zRange.upperBound - psf.zRange.lowerBound)
      return psf.shares(columns: -half..<half + 1, rows: -half..<half + 1, x: x, y: y, z: z)
        .map { Float(random.poisson(2000 * $0.value + 10)) }
    }
  }
}
