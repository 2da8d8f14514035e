import Compute
import Foundation
import Microscopy
import Optics
import Testing

/// Fits of z through the public interface: from images to x, y, z and errors.
@Suite struct AxialFitTests {
  static let lens = AstigmaticPSF.typical

  static func spline(starts: [Double] = []) throws -> SplinePSF {
    try SplinePSF(sampling: lens, side: 23, zStep: 25, starts: starts)
  }

  /// Two round lobes 4 px apart that turn by a quarter of a circle every 500 nm: 500 nm higher they
  /// are crosswise, 1000 nm higher the same except for their widths.
  struct TwoLobes: PointSpreadFunction {
    var axialRange: ClosedRange<Double>? { -600...600 }

    func shares(
      columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
    ) -> [PixelShare] {
      let angle = z / 1000 * .pi
      let lobe = GaussianPSF(sigma: 1.2 + 0.0002 * z)
      let (dx, dy) = (2 * cos(angle), 2 * sin(angle))
      let one = lobe.shares(columns: columns, rows: rows, x: x + dx, y: y + dy, z: 0)
      let two = lobe.shares(columns: columns, rows: rows, x: x - dx, y: y - dy, z: 0)
      return zip(one, two).map { PixelShare(($0.value + $1.value) / 2) }
    }
  }

  struct Fits {
    var theta: [[Double]]
    var variances: [[Double]]
    var states: [FitState?]
    var deviances: [Double]
  }

  /// Fits images of photoelectrons on the CPU.
  static func fit(
    _ psf: CalibratedPSF, _ images: [[Double]], box: Int, noise: Double = 0, maps: [[Double]]? = nil
  ) throws -> Fits {
    var graph = Graph()
    func boxes(_ values: [[Double]]) -> Graph.Value {
      graph.constant(Tensor(values.joined().map { Float($0) }, shape: [images.count, box * box]))
    }
    let total = graph.constant(Tensor([Int32(images.count)], shape: [1]))
    let map = maps.map(boxes)
    let input = graph.input("spots", TensorType(.float32, images.count, box * box))
    let fitted = try AxialFit(psf, box: box, noise: noise, tolerance: 1e-3)
      .apply(to: &graph, spots: input, total: total, noise: map)
    graph.output("theta", fitted.theta)
    graph.output("bound", fitted.bound)
    graph.output("state", fitted.state)
    graph.output("deviance", fitted.deviance)
    let device = CPUDevice(threads: 2)
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("spots", images.joined().map { Float($0) })
    try executable.run()
    func rows(_ values: [Double], _ width: Int) -> [[Double]] {
      images.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
    }
    return Fits(
      theta: rows(try executable.read("theta").values, 6),
      variances: rows(try executable.read("bound").values, 12).map { row in
        (0..<6).map { row[2 * $0] + row[2 * $0 + 1] }
      },
      states: try executable.read("state").values.map { FitState(rawValue: Int($0)) },
      deviances: try executable.read("deviance").values)
  }

  static func image(
    _ psf: some PointSpreadFunction, _ x: Double, _ y: Double, _ z: Double, photons: Double = 2000,
    background: Double = 8, box: Int = 13
  ) -> [Double] {
    let centre = Double(box / 2)
    return psf.shares(columns: 0..<box, rows: 0..<box, x: centre + x, y: centre + y, z: z)
      .map { photons * $0.value + background }
  }

  static func models() throws -> [CalibratedPSF] {
    [.astigmatic(lens), .spline(try spline()), .spline(try spline(starts: [-300, 0, 300]))]
  }

  @Test(arguments: 0..<3)
  func expectedImagesGiveTheTruthAndItsBound(index: Int) throws {
    let psf = try Self.models()[index]
    let truths = stride(from: -550.0, through: 550, by: 50).enumerated().map { i, z in
      (x: Double(i % 5) * 0.2 - 0.4, y: 0.4 - Double(i % 4) * 0.25, z: z)
    }
    let fits = try Self.fit(
      psf, truths.map { Self.image(psf, $0.x, $0.y, $0.z) }, box: 13, noise: 2)
    for (i, truth) in truths.enumerated() {
      let theta = fits.theta[i]
      #expect(fits.states[i] == .converged, "\(truth)")
      #expect(abs(theta[0] - truth.x) < 1e-3 && abs(theta[1] - truth.y) < 1e-3, "\(truth)")
      #expect(abs(theta[4] - truth.z) < 0.5, "\(truth): \(theta)")
      #expect(abs(theta[2] - 2000) < 2 && abs(theta[3] - 8) < 0.02, "\(truth): \(theta)")
      #expect(fits.deviances[i] < 0.01)
      let bound = try #require(
        CramerRaoBound(
          psf: psf, x: 6 + truth.x, y: 6 + truth.y, z: truth.z, photons: 2000, background: 8,
          box: 13, noise: PixelNoise(readVariance: [2])))
      for (column, quantity) in [Quantity.x, .y, .photons, .background, .z].enumerated() {
        let ratio = fits.variances[i][column].squareRoot() / bound[quantity]!
        #expect(abs(ratio - 1) < 2e-3, "\(truth) \(quantity.name): \(ratio)")
      }
    }
  }

  @Test func mapsReachTheFit() throws {
    let psf = CalibratedPSF.spline(try Self.spline())
    let map = (0..<169).map { 0.5 + Double($0 % 7) }
    let fits = try Self.fit(psf, [Self.image(psf, 0.2, -0.1, 130)], box: 13, maps: [map])
    let bound = try #require(
      CramerRaoBound(
        psf: psf, x: 6.2, y: 5.9, z: 130, photons: 2000, background: 8, box: 13,
        noise: PixelNoise(readVariance: map)))
    #expect(abs(fits.variances[0][4].squareRoot() / bound[.z]! - 1) < 2e-3)
  }

  @Test func ofSeveralStartsTheMostLikelyIsKept() throws {
    func psf(_ starts: [Double]) throws -> CalibratedPSF {
      .spline(try SplinePSF(sampling: TwoLobes(), side: 23, zStep: 25, starts: starts))
    }
    let both = try psf([-450, 450])
    for z in [-480.0, -420, 430, 500] {
      let image = Self.image(TwoLobes(), 0.1, 0.2, z)
      let best = try Self.fit(both, [image], box: 13)
      #expect(best.states[0] == .converged)
      #expect(abs(best.theta[0][4] - z) < 3, "\(z): \(best.theta[0])")
      // From the wrong end alone it converges to the wrong height.
      let wrong = try Self.fit(try psf([z < 0 ? 450 : -450]), [image], box: 13)
      #expect(abs(wrong.theta[0][4] - z) > 300)
      #expect(wrong.deviances[0] > best.deviances[0] + 1)
    }
  }

  @Test(arguments: 0..<2)
  func moleculesBeyondTheRangeEscape(index: Int) throws {
    var psf = try Self.models()[index]
    let image = Self.image(psf, 0, 0, 560)
    switch psf {
    case .astigmatic(var lens):
      lens.zRange = -400...400
      psf = .astigmatic(lens)
    case .spline(var spline):
      spline.zRange = -400...400
      psf = .spline(spline)
    }
    let fits = try Self.fit(psf, [image, Self.image(psf, 0, 0, 350)], box: 13)
    #expect(fits.states == [.escaped, .converged])
    #expect(fits.theta[0][4] == 400)
  }

  @Test(arguments: 0..<2)
  func boxesThatAreNotNumbersAreInvalid(index: Int) throws {
    let psf = try Self.models()[index]
    var image = Self.image(psf, 0, 0, 100)
    image[40] = .nan
    let fits = try Self.fit(psf, [image, Self.image(psf, 0, 0, 100)], box: 13)
    #expect(fits.states == [.invalid, .converged])
    #expect(fits.theta[0][4].isNaN && fits.variances[0][0].isNaN)
  }

  @Test func widthsGiveTheHeight() {
    for z in stride(from: -580.0, through: 580, by: 40) {
      let (sigmaX, sigmaY) = (Self.lens.x.width(at: z), Self.lens.y.width(at: z))
      let height = Self.lens.height(sigmaX: sigmaX, sigmaY: sigmaY, errorX: 0.02, errorY: 0.03)
      #expect(abs(height.z - z) < 0.1, "\(z)")
      #expect(height.distance < 1e-4)
      // A change of the widths by their errors changes z by its error.
      let moved = Self.lens.height(
        sigmaX: sigmaX + 1e-4, sigmaY: sigmaY, errorX: 1e-4, errorY: 0)
      #expect(abs(abs(moved.z - height.z) - moved.error) < 0.05 * moved.error + 0.02, "\(z)")
    }
    let far = Self.lens.height(sigmaX: 9, sigmaY: 9, errorX: 0.1, errorY: 0.1)
    #expect(Self.lens.zRange.contains(far.z) && far.distance > 0.5)
  }
}
