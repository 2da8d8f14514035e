import Compute
import Formats
import Foundation
import Microscopy
import Optics
import TestConditions
import TestSupport
import Testing
import Workflow

/// The stacks of the SMLM challenge: a PSF from four beads, tested on the other two.
@Suite(.data("psf/challenge2016_beads_AS.tif", "psf/challenge2016_beads_DH.tif"))
struct HeldOutBeadTests {
  private func beads(_ name: String) throws -> BeadStack {
    let movie = try Movies.open(SharedData.path("psf/challenge2016_beads_\(name).tif"))
    let info = movie.info
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: info.frames * info.frameBytes, alignment: 64)
    defer { bytes.deallocate() }
    try movie.read(0..<info.frames, into: bytes)
    // 6 ADU a photon over 100.
    return BeadStack(
      name: name, width: info.width, height: info.height, planes: info.frames,
      pixels: bytes.bindMemory(to: UInt16.self).map { (Float($0) - 100) / 6 })
  }

  /// Rows of a stack.
  private func cut(_ stack: BeadStack, _ rows: Range<Int>) -> BeadStack {
    var pixels: [Float] = []
    for k in 0..<stack.planes {
      let first = (k * stack.height + rows.lowerBound) * stack.width
      pixels += stack.pixels[first..<first + rows.count * stack.width]
    }
    return BeadStack(
      name: stack.name, width: stack.width, height: rows.count, planes: stack.planes,
      pixels: pixels)
  }

  /// The square of `box` pixels around a place in every plane of `planes`.
  private func spots(
    of stack: BeadStack, x: Int, y: Int, box: Int, planes: Range<Int>
  ) -> [[Float]] {
    let half = box / 2
    return planes.map { k -> [Float] in
      var spot: [Float] = []
      for v in y - half...y + half {
        let row = (k * stack.height + v) * stack.width + x - half
        spot += stack.pixels[row..<row + box]
      }
      return spot
    }
  }

  /// Variance of noise, from second differences along z.
  private func noise(of pixels: [Double], size: Int) -> Double {
    var sum = 0.0
    for i in size..<pixels.count - size {
      let second: Double = pixels[i - size] - 2 * pixels[i] + pixels[i + size]
      sum += second * second
    }
    return sum / 6 / Double(pixels.count - 2 * size)
  }

  private func variance(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    var sum = 0.0
    for value in values { sum += (value - mean) * (value - mean) }
    return sum / Double(values.count)
  }

  private enum Turn: CaseIterable { case none, transposed, mirrored, flipped }

  /// The PSF's images in the middle of a box at several heights, flipped as a wrong reader would
  /// do.
  private func model(
    _ psf: SplinePSF, x: Double, y: Double, box: Int, heights: [Double], _ turn: Turn
  ) -> [Double] {
    let half = box / 2
    var result: [Double] = []
    for z in heights {
      let image = psf.shares(
        columns: -half..<half + 1, rows: -half..<half + 1, x: x, y: y,
        z: turn == .flipped ? -z : z
      ).map(\.value)
      for v in 0..<box {
        for u in 0..<box {
          switch turn {
          case .transposed: result.append(image[u * box + v])
          case .mirrored: result.append(image[v * box + box - 1 - u])
          default: result.append(image[v * box + u])
          }
        }
      }
    }
    return result
  }

  private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (ma, mb) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      ab += (x - ma) * (y - mb)
      aa += (x - ma) * (x - ma)
      bb += (y - mb) * (y - mb)
    }
    return ab / (aa * bb).squareRoot()
  }

  @Test(arguments: ["AS", "DH"])
  func challenge(name: String) throws {
    let stack = try beads(name)
    let settings = PSFCalibrationSettings(zStep: 10, roi: 25, pixelSize: 100, origin: .middle)
    let calibration = try PSFCalibrator(settings).calibrate([cut(stack, 0..<92)])
    #expect(calibration.used == 4)
    let psf = calibration.spline
    let box = 17
    #expect(psf.zRange.lowerBound <= -600 && psf.zRange.upperBound >= 600, "\(psf.zRange)")
    var errors: [Double] = []
    let planes = 15..<136
    // z of a plane: its number from the middle one, without any offset fitted.
    let heights = planes.map { Double($0 - 75) * 10 }
    for place in [(x: 91, y: 111), (x: 29, y: 119)] {
      let spots = spots(of: stack, x: place.x, y: place.y, box: box, planes: planes)
      let fits = try fit(spots, .spline(psf), box: box)
      for (z, theta) in zip(heights, fits) { errors.append(theta[4] - z) }
      // Shape: one position for all planes, z from the stage; light and background are free.
      let x = fits.map { $0[0] }.sorted()[fits.count / 2]
      let y = fits.map { $0[1] }.sorted()[fits.count / 2]
      let pixels = spots.flatMap { $0.map(Double.init) }
      let found = Turn.allCases.map { turn in
        correlation(model(psf, x: x, y: y, box: box, heights: heights, turn), pixels)
      }
      let ceiling = (1 - noise(of: pixels, size: box * box) / variance(pixels)).squareRoot()
      let clean = found[0] / ceiling
      print(
        "\(name), held-out bead at \(place): correlation \(found[0]), without the bead's own "
          + "noise \(clean); transposed, mirrored, z flipped \(found[1...])")
      #expect(clean > 0.999)
      for control in found[1...] { #expect(control < 0.99) }
    }
    let rms = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    print("\(name) held-out z over ±600 nm: rms \(rms) nm, \(errors.count) planes")
    #expect(errors.count == 242)
    #expect(rms < 10)
  }

  /// Each pair of beads predicted by a PSF from the other four. The noise of a single bead limits
  /// its correlation to 0.996 (AS) and 0.989 (DH). The mean over all six beads and five planes has
  /// less noise and is compared with the mean of the predictions for each bead at its own position.
  @Test(arguments: [("AS", 0.998, 0.9995), ("DH", 0.997, 0.9993)])
  func meanOfHeldOutBeads(name: String, least: Double, smoothed: Double) throws {
    let stack = try beads(name)
    let settings = PSFCalibrationSettings(zStep: 10, roi: 25, pixelSize: 100, origin: .middle)
    let (top, middle, bottom) = (
      cut(stack, 0..<46), cut(stack, 46..<92), cut(stack, 92..<stack.height)
    )
    let folds: [(known: [BeadStack], held: [(x: Int, y: Int)])] = [
      ([middle, bottom], [(25, 20), (93, 28)]), ([top, bottom], [(122, 62), (43, 70)]),
      ([top, middle], [(91, 111), (29, 119)]),
    ]
    let (box, planes) = (17, 15..<136)
    let heights = planes.map { Double($0 - 75) * 10 }
    let size = planes.count * box * box
    var (seen, predicted) = (
      [Double](repeating: 0, count: size), [Double](repeating: 0, count: size)
    )
    for fold in folds {
      let calibration = try PSFCalibrator(settings).calibrate(fold.known)
      #expect(calibration.used == 4)
      for place in fold.held {
        let spots = spots(of: stack, x: place.x, y: place.y, box: box, planes: planes)
        let fits = try fit(spots, .spline(calibration.spline), box: box)
        func median(_ column: Int) -> Double { fits.map { $0[column] }.sorted()[fits.count / 2] }
        let image = model(
          calibration.spline, x: median(0), y: median(1), box: box, heights: heights, .none)
        for (i, pixel) in spots.joined().enumerated() {
          seen[i] += Double(pixel) / median(2)
          predicted[i] += image[i]
        }
      }
    }
    /// Means of `count` planes.
    func smooth(_ pixels: [Double], _ count: Int) -> [Double] {
      (0..<size - (count - 1) * box * box).map { i in
        (0..<count).reduce(0) { $0 + pixels[i + $1 * box * box] }
      }
    }
    let one = correlation(seen, predicted)
    let five = correlation(smooth(seen, 5), smooth(predicted, 5))
    print("\(name), mean of six held-out beads: correlation \(one), of five planes \(five)")
    #expect(one > least && five > smoothed)
  }

  private func fit(_ spots: [[Float]], _ psf: CalibratedPSF, box: Int) throws -> [[Double]] {
    var graph = Graph()
    let pixels = graph.input("spots", TensorType(.float32, spots.count, box * box))
    let total = graph.constant(Tensor([Int32(spots.count)], shape: [1]))
    let tables = try AxialFit(psf, box: box).apply(to: &graph, spots: pixels, total: total)
    graph.output("theta", tables.theta)
    let device = CPUDevice()
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("spots", spots.flatMap { $0 })
    try executable.run()
    let theta = try executable.read("theta").values
    return spots.indices.map { row in
      (0..<SpotModel.columns).map { Double(theta[row * SpotModel.columns + $0]) }
    }
  }
}
