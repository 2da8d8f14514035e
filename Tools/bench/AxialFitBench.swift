import Compute
import Foundation
import Microscopy
import Optics

/// Fits of z per second, bound and goodness included: an astigmatic Gaussian, and a cubic spline of the
/// size that a calibration has (27×27 knots, 10 nm apart along z, 21 MB).
struct AxialFitBench {
  let device: any Device
  let runs: Int
  let box: Int

  func run() throws {
    let count = 20_000
    let lens = AstigmaticPSF.typical
    let spline = try SplinePSF(sampling: lens, side: 27, zStep: 10)
    let spots = simulate(lens, count: count)
    for (name, psf) in [
      ("astigmatic", CalibratedPSF.astigmatic(lens)), ("spline", .spline(spline)),
    ] {
      var graph = Graph()
      let input = graph.input("spots", TensorType(.float32, count, box * box))
      let total = graph.constant(Tensor([Int32(count)], shape: [1]))
      let fitted = try AxialFit(psf, box: box).apply(to: &graph, spots: input, total: total)
      graph.output("theta", fitted.theta)
      graph.output("iterations", fitted.iterations)
      graph.output("bound", fitted.bound)
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
          name, box, box, Double(count) / median, runs, Double(count) / most,
          Double(count) / least, mean))
      for row in executable.profile {
        let each = row.seconds / Double(max(row.runs, 1)) / Double(count) * 1e9
        var line = String(format: "    %@ %.0f ns per spot", row.op, each)
        if name == "spline" {
          // 123 fused multiply-adds for the spline and its derivatives, 30 operations for the sums.
          let evaluations = row.op.hasPrefix("fit") ? mean : 1
          let flops = Double(box * box) * 276 * evaluations
          let bytes = Double(box * box) * 256 * evaluations
          line += String(
            format: ", %.1f GFLOP/s, %.1f GB/s of coefficients", flops / each, bytes / each)
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
