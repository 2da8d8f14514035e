import Foundation
import Microscopy
import Optics
import Testing

/// PSFs that depend on z: shares, derivatives, bounds.
@Suite struct AxialPSFTests {
  static let astigmatic = AstigmaticPSF(
    x: .defocus(width: 1.2, focus: -250, depth: 400, terms: [0.1, -0.05]),
    y: .defocus(width: 1.25, focus: 250, depth: 420, terms: [-0.08, 0.04, 0.01, 0.005]),
    zRange: -500...500, pixelSize: 100)

  /// A spline through samples of the astigmatic spot, 10 nm apart.
  static let spline = try! SplinePSF(
    interpolating: stride(from: -600.0, through: 600, by: 20).flatMap { z in
      astigmatic.shares(columns: 0..<23, rows: 0..<21, x: 11, y: 10, z: z).map(\.value)
    }, columns: 23, rows: 21, planes: 61, zStep: 20, firstZ: -600, centreX: 11, centreY: 10,
    normalisedAt: 0, zRange: -500...500, pixelSize: 100)

  @Test(arguments: [
    astigmatic.x, astigmatic.y, .polynomial([1.3, 2e-4, 3e-6, -1e-9, 2e-12, 1e-16, -1e-19]),
  ])
  func slopesEqualDifferences(curve: WidthCurve) {
    for z in stride(from: -400.0, through: 400, by: 53) {
      let difference = (curve.width(at: z + 0.01) - curve.width(at: z - 0.01)) / 0.02
      #expect(abs(curve.slope(at: z) - difference) < 1e-9)
    }
  }

  @Test func theDefocusCurveIsItsFormula() {
    let x = (100.0 + 250) / 400
    let root = (1 + x * x + 0.1 * x * x * x - 0.05 * x * x * x * x).squareRoot()
    #expect(abs(Self.astigmatic.x.width(at: 100) - 1.2 * root) < 1e-14)
    #expect(WidthCurve.polynomial([1, 0.5, 0.25]).width(at: 2) == 3)
  }

  static let functions: [any PointSpreadFunction] = [astigmatic, spline]

  @Test(arguments: functions.indices)
  func derivativesEqualDifferences(index: Int) {
    let psf = Self.functions[index]
    for (x, y, z) in [(6.2, 5.7, -310.0), (5.51, 6.49, 3.7), (6.1, 5.9, 265.1)] {
      func shares(_ dx: Double, _ dy: Double, _ dz: Double) -> [PixelShare] {
        psf.shares(columns: 0..<13, rows: 0..<13, x: x + dx, y: y + dy, z: z + dz)
      }
      let centre = shares(0, 0, 0)
      func check(
        _ derivative: KeyPath<PixelShare, Double>, _ h: Double, _ low: [PixelShare],
        _ high: [PixelShare]
      ) {
        for k in centre.indices {
          let difference = (high[k].value - low[k].value) / (2 * h)
          #expect(abs(centre[k][keyPath: derivative] - difference) < 1e-6)
        }
      }
      check(\.byX, 1e-3, shares(-1e-3, 0, 0), shares(1e-3, 0, 0))
      check(\.byY, 1e-3, shares(0, -1e-3, 0), shares(0, 1e-3, 0))
      check(\.byZ, 1e-2, shares(0, 0, -1e-2), shares(0, 0, 1e-2))
      #expect(centre.contains { abs($0.byZ) > 1e-6 })
    }
  }

  @Test func splinesOfCubicsAreExact() throws {
    func cubic(_ x: Double, _ y: Double, _ z: Double) -> Double {
      (1 + x - 0.3 * x * x + 0.02 * x * x * x) * (2 - y + 0.1 * y * y * y)
        * (0.5 + 0.01 * z - 1e-4 * z * z + 1e-6 * z * z * z)
    }
    let (nx, ny, nz) = (6, 5, 7)
    let volume = (0..<nx * ny * nz).map {
      cubic(Double($0 % nx), Double($0 / nx % ny), Double($0 / nx / ny) * 10 - 30)
    }
    let psf = try SplinePSF(
      interpolating: volume, columns: nx, rows: ny, planes: nz, zStep: 10, firstZ: -30,
      centreX: 2, centreY: 2)
    // Pixel (u, v) of a molecule at (x, y) sees the spline at (u − x + 2, v − y + 2).
    for (x, y, z) in [(0.3, -0.2, -28.0), (-0.4, 0.35, 1), (0.1, 0.2, 29)] {
      let shares = psf.shares(columns: 0..<2, rows: 0..<2, x: x, y: y, z: z)
      for k in 0..<4 {
        let expected = cubic(Double(k % 2) - x + 2, Double(k / 2) - y + 2, z)
        #expect(abs(shares[k].value - expected) < 1e-5 * abs(expected))
      }
    }
    #expect(psf.knots.count == volume.count)
    for (knot, sample) in zip(psf.knots, volume) { #expect(abs(knot - sample) < 2e-5) }
    let twice = try SplinePSF(
      interpolating: volume.map { $0 * 2 }, columns: nx, rows: ny, planes: nz, zStep: 10,
      firstZ: -30, normalisedAt: 0)
    #expect(abs(twice.light(at: 0) - 1) < 1e-6)
  }

  @Test func aSplineOfASpotIsTheSpot() {
    for (x, y, z) in [(6.2, 5.7, -310.0), (5.6, 6.4, 5)] {
      let exact = Self.astigmatic.shares(columns: 0..<13, rows: 0..<13, x: x, y: y, z: z)
      let spline = Self.spline.shares(columns: 0..<13, rows: 0..<13, x: x, y: y, z: z)
      #expect(exact.count == 169 && spline.count == 169)
      for (a, b) in zip(exact, spline) { #expect(abs(a.value - b.value) < 5e-4) }
    }
    #expect(abs(Self.spline.light(at: 0) - 1) < 1e-6)
  }

  @Test func pixelsOffTheGridAreDark() {
    let shares = Self.spline.shares(columns: -20..<40, rows: 3..<4, x: 5, y: 5, z: 0)
    #expect(shares[0] == PixelShare())
    #expect(shares[59] == PixelShare())
    #expect(shares[25].value > 0.02)
  }

  /// The bound's matrix is the curvature of the expected log-likelihood, also along z.
  @Test(arguments: functions.indices)
  func informationIsTheCurvatureOfTheExpectedLogLikelihood(index: Int) throws {
    let psf = Self.functions[index]
    let (box, truth) = (11, [5.2, 4.7, 800, 6, 120.0])
    let shift = (0..<box * box).map { 0.5 + Double($0 % 5) }
    func means(_ p: [Double]) -> [Double] {
      zip(
        psf.shares(columns: 0..<box, rows: 0..<box, x: p[0], y: p[1], z: p[4]), shift
      ).map { p[2] * $0.value + p[3] + $1 }
    }
    let expected = means(truth)
    func likelihood(_ p: [Double]) -> Double {
      zip(expected, means(p)).reduce(0) { $0 + $1.0 * log($1.1) - $1.1 }
    }
    let found = limit(psf, truth, box: box, noise: PixelNoise(readVariance: shift))
    let bound = try #require(found)
    let steps = [1e-3, 1e-3, 0.5, 0.01, 0.5]
    for i in 0..<5 {
      for j in 0...i {
        func shifted(_ a: Double, _ b: Double) -> Double {
          var p = truth
          p[i] += a * steps[i]
          p[j] += b * steps[j]
          return likelihood(p)
        }
        let mixed = shifted(1, 1) - shifted(1, -1) - shifted(-1, 1) + shifted(-1, -1)
        let curvature = -mixed / (4 * steps[i] * steps[j])
        let scale = (bound.information[i, i] * bound.information[j, j]).squareRoot()
        #expect(abs(bound.information[i, j] - curvature) < 2e-3 * scale, "\(i), \(j)")
      }
    }
    #expect(bound[.z]! > 5 && bound[.z]! < 100)
  }

  private func limit(
    _ psf: any PointSpreadFunction, _ p: [Double], box: Int, noise: PixelNoise
  ) -> CramerRaoBound? {
    CramerRaoBound(
      psf: psf, x: p[0], y: p[1], z: p[4], photons: p[2], background: p[3], box: box, noise: noise)
  }

  @Test func aRoundSpotHasNoBoundAlongZ() {
    #expect(limit(GaussianPSF(sigma: 1.2), [5, 5, 1000, 5, 0], box: 11, noise: .init()) == nil)
  }

  @Test func impossibleCalibrationsSayWhy() {
    #expect(Self.astigmatic.problem == nil)
    #expect(Self.spline.problem == nil)
    var psf = Self.astigmatic
    psf.x = .polynomial([1, .nan])
    #expect(psf.problem?.contains("not finite") == true)
    psf.x = .polynomial([0.1])
    #expect(psf.problem?.contains("width of x is 0.1 px") == true)
    psf = Self.astigmatic
    psf.zRange = 0...0
    #expect(psf.problem?.contains("z range") == true)
    var spline = Self.spline
    spline.zStep = 0
    #expect(spline.problem?.contains("z step") == true)
    spline = Self.spline
    spline.coefficients[64 * 22 + 3] = .nan
    #expect(
      spline.problem == "coefficient 3 of cell (x, y, z) = (0, 1, 0) is not a finite number")
    spline = Self.spline
    spline.starts = [900]
    #expect(spline.problem?.contains("start z = 900") == true)
    spline.starts = []
    spline.axial.indexFactor = 0
    #expect(spline.problem?.contains("refractive-index factor") == true)
  }

  @Test func samplesThatMakeNoSplineAreRefused() {
    func error(_ volume: [Double], planes: Int = 4, zStep: Double = 10) -> String? {
      do {
        _ = try SplinePSF(
          interpolating: volume, columns: 4, rows: 4, planes: planes, zStep: zStep, firstZ: 0,
          normalisedAt: 0)
        return nil
      } catch { return error.description }
    }
    var volume = [Double](repeating: 0.1, count: 64)
    #expect(error(volume) == nil)
    #expect(error(volume, zStep: 0)?.contains("z step") == true)
    #expect(error(volume, planes: 3)?.contains("cannot be interpolated") == true)
    volume[21] = .nan
    #expect(error(volume)?.contains("(1, 1, 1) is not a finite number") == true)
    #expect(error([Double](repeating: 0, count: 64))?.contains("no light") == true)
  }
}
