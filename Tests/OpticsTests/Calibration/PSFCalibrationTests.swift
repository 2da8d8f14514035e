import Foundation
import Microscopy
import Reporting
import TestSupport
import Testing

@testable import Optics

let cylinderLens = AstigmaticPSF(
  x: .defocus(width: 1.15, focus: -180, depth: 360, terms: [0, 0.1]),
  y: .defocus(width: 1.2, focus: 190, depth: 350, terms: [0, 0.1]), zRange: -700...700)

/// The PSF's samples and the true ones at the same knots; `turned` maps (x, y, z) first.
private func agreement(
  _ psf: SplinePSF, _ truth: some PointSpreadFunction, within range: ClosedRange<Double>,
  turned: (Int, Int, Double) -> (Int, Int, Double) = { ($0, $1, $2) }
) -> Double {
  let half = 5
  var (made, true_) = ([Double](), [Double]())
  for z in stride(from: range.lowerBound, through: range.upperBound, by: 40) {
    let all = psf.shares(columns: -half..<half + 1, rows: -half..<half + 1, x: 0, y: 0, z: z)
    for v in -half...half {
      for u in -half...half {
        let (a, b, c) = turned(u, v, z)
        made.append(all[(v + half) * (2 * half + 1) + u + half].value)
        true_.append(
          truth.shares(columns: a..<a + 1, rows: b..<b + 1, x: 0, y: 0, z: c)[0].value)
      }
    }
  }
  return Statistics.correlation(made, true_)
}

@Suite struct PSFCalibrationTests {
  private func calibrate(
    _ scenes: [BeadScene], roi: Int = 15, origin: PSFCalibrationSettings.Origin = .focus
  ) throws -> PSFCalibration {
    try PSFCalibrator(
      PSFCalibrationSettings(
        zStep: scenes[0].zStep, roi: roi, pixelSize: 100, knotSpacing: 60, origin: origin)
    ).calibrate(scenes.enumerated().map { $1.stack(name: "stack\($0)") })
  }

  @Test func astigmatic() throws {
    let scene = BeadScene(psf: cylinderLens, beads: BeadScene.fiveBeads)
    let result = try calibrate([scene])
    #expect(result.used == 5)
    #expect(result.notes.isEmpty, "\(result.notes)")
    // Positions: the PSF's centre is the molecule, so they are absolute.
    let found = result.beads.sorted { $0.y < $1.y }
    let truth = scene.beads.sorted { $0.y < $1.y }
    let middle = truth.map(\.z).reduce(0, +) / 5
    #expect(found.count == 5)
    for (bead, expected) in zip(found, truth) {
      #expect(abs(bead.x - expected.x) < 0.03, "\(bead.x) \(expected.x)")
      #expect(abs(bead.y - expected.y) < 0.03, "\(bead.y) \(expected.y)")
      #expect(abs(bead.z! - (expected.z - middle)) < 4, "\(bead.z!) \(expected.z - middle)")
      #expect(bead.correlation! > 0.98)
    }
    // Shape, with z from the crossing of the widths, and negative controls.
    let zero = crossing
    let spline = result.spline
    #expect(spline.zRange.lowerBound < -400 && spline.zRange.upperBound > 400)
    let range = -380.0...380.0
    #expect(agreement(spline, cylinderLens, within: range) { ($0, $1, $2 + zero) } > 0.999)
    #expect(agreement(spline, cylinderLens, within: range) { ($1, $0, $2 + zero) } < 0.985)
    #expect(agreement(spline, cylinderLens, within: range) { ($0, $1, zero - $2) } < 0.985)
    #expect(abs(spline.light(at: 0) - 1) < 1e-3)
    #expect(result.check.rms < 10, "\(result.check.rms)")
    // The Gaussian: widths within 3 %, its z as the spline's.
    let gaussian = try #require(result.astigmatic)
    for z in stride(from: -380.0, through: 380, by: 76) {
      #expect(abs(gaussian.x.width(at: z) / cylinderLens.x.width(at: z + zero) - 1) < 0.03)
      #expect(abs(gaussian.y.width(at: z) / cylinderLens.y.width(at: z + zero) - 1) < 0.03)
    }
    #expect(try #require(result.astigmaticCheck).rms < 15)
    // The bound is the true one, apart from the noise in the spline.
    let bound = try #require(
      CramerRaoBound(
        psf: cylinderLens, x: 5, y: 5, z: zero, photons: 1000, background: 10, box: 11)?[.z])
    let own = try #require(result.check.bounds.min { abs($0.z) < abs($1.z) }?.zError)
    #expect(abs(own / bound - 1) < 0.15, "\(own) \(bound)")
  }

  /// Where the true widths are equal.
  private var crossing: Double {
    stride(from: -100.0, through: 100, by: 0.5).min {
      abs(cylinderLens.x.width(at: $0) - cylinderLens.y.width(at: $0))
        < abs(cylinderLens.x.width(at: $1) - cylinderLens.y.width(at: $1))
    }!
  }

  @Test func doubleHelixFromTwoStacks() throws {
    var first = BeadScene(psf: DoubleHelix(), beads: Array(BeadScene.fiveBeads[..<3]))
    first.height = 32
    var second = BeadScene(psf: DoubleHelix(), beads: [.init(30.4, 15.7), .init(66.1, 16.2)])
    second.height = 32
    second.seed = 9
    let result = try calibrate([first, second], origin: .middle)
    #expect(result.used == 5)
    #expect(result.beads.map(\.stack).sorted() == [0, 0, 0, 1, 1])
    // The mean height of the used beads is 0.
    let heights = (first.beads + second.beads).map(\.z)
    let zero = heights.reduce(0, +) / 5
    let range = -400.0...400.0
    #expect(agreement(result.spline, DoubleHelix(), within: range) { ($0, $1, $2 + zero) } > 0.999)
    #expect(agreement(result.spline, DoubleHelix(), within: range) { ($1, $0, $2 + zero) } < 0.9)
    #expect(agreement(result.spline, DoubleHelix(), within: range) { (-$0, $1, $2 + zero) } < 0.9)
    #expect(result.check.rms < 10, "\(result.check.rms)")
    #expect(result.spline.zRange.lowerBound < -400 && result.spline.zRange.upperBound > 400)
    #expect(try #require(result.halvesCorrelation) > 0.99)
  }

  @Test func badBeadsAreNamed() throws {
    var scene = BeadScene(psf: cylinderLens, beads: BeadScene.fiveBeads)
    scene.width = 160
    scene.height = 96
    scene.beads += [
      .init(4, 60), .init(120, 20), .init(128, 22), .init(140, 50, photons: 3000),
      .init(20.2, 76.6, drift: 3), .init(114, 52), .init(116.6, 54), .init(60, 78, z: 420),
    ]
    var stack = scene.stack()
    // A saturated bead.
    let limit = Float(9000)
    let bright = BeadScene(psf: cylinderLens, beads: [.init(100.3, 78.2, photons: 4e5)])
    var extra = bright
    (extra.width, extra.height, extra.background) = (160, 96, 0)
    for (i, count) in extra.counts().enumerated() {
      stack.pixels[i] = min(stack.pixels[i] + Float(count), limit)
    }
    let result = try PSFCalibrator(
      PSFCalibrationSettings(zStep: scene.zStep, roi: 13, knotSpacing: 60)
    ).calibrate([stack])
    func fault(_ x: Double, _ y: Double) -> String? {
      result.beads.first { hypot($0.x - x, $0.y - y) < 4 }?.fault?.name
    }
    for bead in BeadScene.fiveBeads { #expect(fault(bead.x, bead.y) == nil) }
    #expect(fault(4, 60) == "border")
    #expect(fault(120, 20) == "overlapping")
    #expect(fault(128, 22) == "overlapping")
    #expect(fault(140, 50) == "dim")
    #expect(fault(20.2, 76.6) == "moved")
    #expect(fault(115, 53) == "off shape")
    #expect(fault(60, 78) == "displaced in z")
    #expect(fault(100.3, 78.2) == "saturated")
    #expect(result.used == 5)
    for bead in result.beads where bead.fault != nil { #expect("\(bead.fault!)".count > 10) }
    #expect(
      agreement(result.spline, cylinderLens, within: -300...300) {
        ($0, $1, $2 + crossing)
      } > 0.999)
  }

  @Test func oneBead() throws {
    var scene = BeadScene(psf: cylinderLens, beads: [.init(15.2, 14.7)])
    (scene.width, scene.height) = (31, 30)
    let result = try calibrate([scene])
    #expect(result.used == 1)
    #expect(result.halvesCorrelation == nil)
    #expect(result.notes.first?.contains("one bead") == true)
    #expect(result.check.rms < 10)
  }

  private func complaint(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return ""
    } catch {
      #expect(error is PSFCalibrationError || error is SettingsError, "\(error)")
      return "\(error)"
    }
  }

  @Test func stacksThatMakeNoPSF() throws {
    var flat = BeadScene(psf: cylinderLens, beads: [])
    flat.planes = 12
    #expect(complaint { try calibrate([flat]) }.contains("no beads were found in stack0\nhint: "))
    var dark = flat
    dark.background = 0
    #expect(complaint { try calibrate([dark]) }.contains("no beads were found"))
    var short = BeadScene(psf: cylinderLens, beads: BeadScene.fiveBeads)
    short.planes = 5
    #expect(complaint { try calibrate([short]) }.contains("has 5 planes, too few"))
    var other = short
    (short.planes, other.planes) = (8, 9)
    #expect(complaint { try calibrate([short, other]) }.contains("8 planes, stack1 has 9"))
    var small = short
    (small.width, small.height) = (14, 14)
    #expect(complaint { try calibrate([small]) }.contains("a bead needs 17×17\nhint: "))
    var crowd = BeadScene(psf: cylinderLens, beads: [])
    crowd.planes = 8
    crowd.beads = [.init(30, 30), .init(39, 32), .init(35, 40)]
    #expect(
      complaint { try calibrate([crowd]) }.contains(
        "none of 3 beads can be used: 3 overlapping\nhint: dilute"))
    for (settings, words) in [
      (PSFCalibrationSettings(zStep: 0), "z step 0 nm must be"),
      (PSFCalibrationSettings(zStep: .nan), "z step nan nm"),
      (PSFCalibrationSettings(zStep: -10), "must be greater than 0"),
      (PSFCalibrationSettings(zStep: 0.05), "z step 0.05 nm must be in 1...10000"),
      (PSFCalibrationSettings(zStep: 10, roi: 12), "box of 12 px"),
      (PSFCalibrationSettings(zStep: 10, pixelSize: -1), "pixel size -1 nm must be in 10...1000"),
      (PSFCalibrationSettings(zStep: 10, indexFactor: 0), "factor 0 must be"),
    ] {
      #expect(
        complaint { try PSFCalibrator(settings).calibrate([flat.stack()]) }.contains(words))
    }
  }

  /// A PSF that does not change along z gives no heights.
  @Test func flatPSF() throws {
    var scene = BeadScene(psf: GaussianPSF(sigma: 1.4), beads: BeadScene.fiveBeads)
    scene.planes = 13
    #expect(complaint { try calibrate([scene]) }.contains("z cannot be recovered"))
  }

  @Test func widerThanTheBox() throws {
    var scene = BeadScene(psf: GaussianPSF(sigma: 7), beads: [.init(48, 32, photons: 4e5)])
    (scene.planes, scene.reach) = (9, 40)
    let words = complaint { try calibrate([scene], roi: 11) }
    #expect(words.contains("the PSF is wider than the box of 11 px"), "\(words)")
    #expect(words.contains("roi 17"), "\(words)")
  }

  @Test func pixelsThatAreNoNumbers() throws {
    let scene = BeadScene(psf: cylinderLens, beads: BeadScene.fiveBeads)
    var stack = scene.stack()
    stack.pixels[(20 * 64 + 14) * 96 + 15] = .nan
    let result = try PSFCalibrator(
      PSFCalibrationSettings(zStep: 30, roi: 15, knotSpacing: 60)
    ).calibrate([stack])
    #expect(
      result.beads.first { abs($0.x - 15.3) < 3 && $0.y < 30 }?.fault == .notNumbers(pixels: 1))
    #expect(result.used == 4)
  }
}

@Suite struct CalibrationPartsTests {
  @Test func bandMatrices() {
    let places = [1.0, 1.25, 2.5, 3.9, 4.0]
    let matrix = BandMatrix(splineAt: places, knots: 7)
    // A spline whose coefficients are 1 is 1, and one that grows evenly is the place.
    let ones = matrix.apply(to: [Double](repeating: 1, count: 7), outer: 1, inner: 1)
    #expect(ones.allSatisfy { abs($0 - 1) < 1e-12 })
    let ramp = matrix.apply(to: (0..<7).map(Double.init), outer: 1, inner: 1)
    #expect(zip(ramp, places).allSatisfy { abs($0 - $1) < 1e-12 })
    let slope = BandMatrix(splineAt: places, knots: 7, .slope)
      .apply(to: (0..<7).map { Double($0 * $0) }, outer: 1, inner: 1)
    #expect(zip(slope, places).allSatisfy { abs($0 - 2 * $1) < 1e-12 })
    // AᵀA by its parts.
    let x = (0..<7).map { sin(Double($0)) }
    let direct = matrix.transposed.apply(
      to: matrix.apply(to: x, outer: 1, inner: 1), outer: 1, inner: 1)
    let gram = matrix.gram.apply(to: x, outer: 1, inner: 1)
    #expect(zip(direct, gram).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func curvesOutliveOutliers() throws {
    var random = RandomStream(seed: 4)
    let curve = WidthCurve.defocus(width: 1.3, focus: 140, depth: 330, terms: [-0.1, 0.05])
    let heights = (0..<200).map { -600 + 6 * Double($0) }
    let widths = heights.enumerated().map { i, z in
      curve.width(at: z) + 0.02 * random.normal() + (i % 17 == 0 ? 1.5 : 0)
    }
    let fitted = try #require(WidthCurve.fitting(heights: heights, widths: widths))
    for z in stride(from: -550.0, through: 550, by: 50) {
      #expect(abs(fitted.width(at: z) - curve.width(at: z)) < 0.02, "z \(z)")
    }
    #expect(WidthCurve.fitting(heights: [1, 2, 3], widths: [1, 1, 1]) == nil)
  }
}
