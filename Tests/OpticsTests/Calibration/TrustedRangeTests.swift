import Foundation
import Microscopy
import Reporting
import TestConditions
import TestSupport
import Testing

@testable import Optics

/// Two lobes that move apart: along x below z = 0, along y above it, as a tetrapod's.
private struct SpreadingLobes: PointSpreadFunction {
  var axialRange: ClosedRange<Double>? { -1000...1000 }
  let spot = GaussianPSF(sigma: 2)

  func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [PixelShare] {
    let below = 1 / (1 + exp(z / 60))
    let away = 2 + hypot(z, 40) / 100
    return rows.flatMap { v in
      columns.map { u in
        let sum = [-away, away].reduce(0.0) { sum, step in
          sum + below * spot.share(column: u, row: v, x: x + step, y: y)
            + (1 - below) * spot.share(column: u, row: v, x: x, y: y + step)
        }
        return PixelShare(sum / 2)
      }
    }
  }

  /// The part of the light in a box.
  func part(box: Int, z: Double) -> Double {
    let half = box / 2
    return shares(columns: -half..<half + 1, rows: -half..<half + 1, x: 0, y: 0, z: z)
      .reduce(0) { $0 + $1.value }
  }
}

/// Where the range of z ends that a calibration promises, and the box it chooses.
@Suite struct TrustedRangeTests {
  private static let lobes = SpreadingLobes()
  private static let scene: BeadScene = {
    var scene = BeadScene(psf: lobes, beads: [.init(24.3, 31.8), .init(70.6, 32.4, z: 9)])
    scene.reach = 23
    return scene
  }()

  private func calibrate(
    _ scene: BeadScene, roi: Int = 15, _ change: (inout PSFCalibrationSettings) -> Void = { _ in }
  ) throws -> PSFCalibration {
    var settings = PSFCalibrationSettings(
      zStep: scene.zStep, roi: roi, pixelSize: 100, knotSpacing: 60, origin: .middle)
    change(&settings)
    return try PSFCalibrator(settings).calibrate([scene.stack()])
  }

  /// The box holds the light at every trusted height, and what is said of the light is true.
  @Test func theBoxHoldsTheLightInTheRange() throws {
    let result = try calibrate(Self.scene)
    #expect(result.settings.roi == 15)
    for z in [result.spline.zRange.lowerBound, result.spline.zRange.upperBound] {
      #expect(Self.lobes.part(box: 15, z: z) > 0.53, "\(z) nm")
    }
    #expect(result.check.ends.count == 2)
    for light in result.light {
      #expect(abs(light.box - Self.lobes.part(box: 15, z: light.z)) < 0.05, "\(light)")
    }
  }

  @Test func theBoxGrowsUntilItHoldsTheLight() throws {
    let result = try calibrate(Self.scene) { $0.roiLimit = 61 }
    let roi = result.settings.roi
    #expect(19...25 ~= roi)
    let range = result.spline.zRange
    #expect(range.lowerBound < -450 && range.upperBound > 450, "\(range)")
    for z in [range.lowerBound, range.upperBound] {
      #expect(Self.lobes.part(box: roi, z: z) > 0.88, "\(z) nm")
    }
    #expect(Self.lobes.part(box: roi - 4, z: range.lowerBound) < 0.9)
    // A limit is a limit; a box that holds the light stays.
    #expect(try calibrate(Self.scene) { $0.roiLimit = 17 }.settings.roi == 17)
    let lens = BeadScene(psf: cylinderLens, beads: BeadScene.fiveBeads)
    #expect(try calibrate(lens, roi: 19) { $0.roiLimit = 61 }.settings.roi == 19)
  }

  @Test func theRangeEndsWhereHeightsComeBackWrong() throws {
    // The upper end of the scan is made of images from elsewhere.
    let scene = BeadScene(psf: cylinderLens, beads: BeadScene.fiveBeads)
    var stack = scene.stack()
    let size = stack.width * stack.height
    var other = scene
    other.seed = 5
    let counts = other.counts()
    let wobble = [0, 3, -2, 3, -3, 2, -3, 3, -2, 0]
    for (i, shift) in wobble.enumerated() {
      let (to, from) = (25 + i, 25 + i + shift)
      stack.pixels.replaceSubrange(
        to * size..<(to + 1) * size,
        with: counts[from * size..<(from + 1) * size].map(Float.init))
    }
    func check(_ error: Double?) throws -> AxialCheck {
      var settings = PSFCalibrationSettings(
        zStep: 30, roi: 15, pixelSize: 100, knotSpacing: 60, origin: .middle)
      if let error { settings.heightError = error }
      return try PSFCalibrator(settings).calibrate([stack]).check
    }
    let usual = try check(nil)
    #expect(usual.trusted.upperBound < 200, "\(usual.trusted)")
    #expect(usual.rms < 50)
    #expect(usual.ends[1].contains("more than the accepted 50 nm"), "\(usual.ends)")
    // A larger error that is stated is accepted.
    #expect(try check(140).trusted.upperBound > 350)
    #expect(
      throws: SettingsError.self
    ) { try check(0) }
  }

  @Test func aSpeckInTheBoxDoesNotRejectABead() throws {
    var scene = BeadScene(psf: cylinderLens, beads: [.init(20.3, 19.8)])
    (scene.width, scene.height) = (41, 40)
    let stack = scene.stack()
    let speck = GaussianPSF(sigma: 1.2)
    /// The central bead, with another light that does not change with z.
    func bead(_ share: Double, x: Double, y: Double) -> Bead? {
      var stack = stack
      for k in 0..<stack.planes {
        for v in 0..<40 {
          for u in 0..<41 {
            stack.pixels[(k * 40 + v) * 41 + u] += Float(
              share * 40_000 * speck.share(column: u, row: v, x: x, y: y))
          }
        }
      }
      return BeadFinder(roi: 21).beads(in: stack, index: 0).first {
        hypot($0.x - 20.3, $0.y - 19.8) < 2
      }
    }
    // In the box's corner; the tail of a bright one whose centre is outside; and too much.
    for share in [0.02, 0.04] { #expect(bead(share, x: 29.4, y: 29.1)?.fault == nil) }
    #expect(bead(0.3, x: 33.2, y: 30.4)?.fault == nil)
    #expect(bead(0.3, x: 29.4, y: 29.1)?.fault?.name == "overlapping")
    // A bead of the same light next to it.
    scene.beads.append(.init(31.2, 20.4))
    let both = BeadFinder(roi: 21).beads(in: scene.stack(), index: 0)
    #expect(both.first { $0.x < 25 }?.fault?.name == "overlapping", "\(both)")
  }

  @Test func zeroIsWhereTheShapeSays() throws {
    func origin(
      _ psf: any PointSpreadFunction, _ origin: PSFCalibrationSettings.Origin = .shape
    ) throws -> PSFCalibration {
      var scene = BeadScene(psf: psf, beads: Array(BeadScene.fiveBeads[..<3]))
      scene.height = 32
      return try calibrate(scene) { $0.origin = origin }
    }
    let helix = try origin(DoubleHelix())
    #expect(helix.spline.axial.origin == "the middle plane of the bead stack")
    let ends = (helix.spline.firstZ, helix.spline.lastZ)
    #expect(abs(ends.0 + ends.1) <= 60, "\(ends)")
    #expect(try origin(DoubleHelix(), .focus).spline.axial.origin != helix.spline.axial.origin)
    #expect(try origin(cylinderLens).spline.axial.origin.contains("widths along x and y are equal"))
    #expect(PSFCalibrationSettings.origin.standard == .shape)
  }
}

/// Stacks that follow each other in one movie.
@Suite struct RepeatedScanTests {
  private func stack(_ scenes: [BeadScene], planes: Int? = nil) -> BeadStack {
    let pixels = scenes.flatMap { $0.counts().map(Float.init) }
    let size = scenes[0].width * scenes[0].height
    let count = planes ?? pixels.count / size
    return BeadStack(
      name: "m", width: scenes[0].width, height: scenes[0].height, planes: count,
      pixels: Array(pixels[..<(count * size)]))
  }

  private func scene(
    _ psf: any PointSpreadFunction, planes: Int = 41, photons: Double = 20_000, seed: Int = 1
  ) -> BeadScene {
    var random = RandomStream(seed: UInt64(seed))
    var scene = BeadScene(
      psf: psf,
      beads: [
        .init(
          16 + random.normal(), 16 + random.normal(), z: 20 * random.normal(),
          photons: photons * (0.3 + 2 * random.uniform()))
      ])
    (scene.width, scene.height, scene.planes) = (32, 32, planes)
    scene.zStep = 1200 / Double(planes - 1)
    scene.seed = UInt64(seed)
    return scene
  }

  @Test func severalStacksAreNoticed() throws {
    for psf in [cylinderLens, DoubleHelix(), SpreadingLobes()] as [any PointSpreadFunction] {
      for count in [2, 3, 12] {
        let scenes = (1...count).map { scene(psf, seed: $0) }
        let found = RepeatedScan(stack(scenes))
        #expect(
          found?.planes == 41 && found?.stacks == count && found?.rest == 0, "\(psf) \(count)")
      }
    }
    // The same field of view again, and a last stack that is not complete.
    let same = (1...3).map { _ in scene(cylinderLens) }
    #expect(RepeatedScan(stack(same))?.planes == 41)
    let short = RepeatedScan(stack((1...5).map { scene(cylinderLens, seed: $0) }, planes: 180))
    #expect(short?.planes == 41 && short?.stacks == 4 && short?.rest == 16, "\(short as Any)")
  }

  @Test func oneStackIsOne() {
    for psf in [cylinderLens, DoubleHelix(), SpreadingLobes()] as [any PointSpreadFunction] {
      for planes in [14, 21, 40, 42, 60, 120, 150] {
        for photons in [300.0, 3000, 40_000] {
          let one = scene(psf, planes: planes, photons: photons, seed: planes)
          #expect(RepeatedScan(stack([one])) == nil, "\(psf) \(planes) \(photons)")
        }
      }
    }
    let noise = scene(cylinderLens, planes: 60, photons: 0)
    #expect(RepeatedScan(stack([noise])) == nil)
  }
}
