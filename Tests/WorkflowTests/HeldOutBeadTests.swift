import Compute
import Formats
import Foundation
import Microscopy
import Optics
import Testing
import Workflow

/// The stacks of the SMLM challenge: a PSF from four beads, tried on the other two.
@Suite struct HeldOutBeadTests {
  private func beads(_ name: String) throws -> BeadStack? {
    let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../shared/data")
    let folder = ProcessInfo.processInfo.environment["GLINT_DATA"] ?? root.standardized.path
    let path = folder + "/psf/challenge2016_beads_\(name).tif"
    guard FileManager.default.fileExists(atPath: path) else {
      print("skipped: \(path) is not at hand (GLINT_DATA)")
      return nil
    }
    let movie = try Movies.open(path)
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
    BeadStack(
      name: stack.name, width: stack.width, height: rows.count, planes: stack.planes,
      pixels: (0..<stack.planes).flatMap { k in
        stack.pixels[
          (k * stack.height + rows.lowerBound)
            * stack.width..<(k * stack.height
            + rows.upperBound) * stack.width]
      })
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
    guard let stack = try beads(name) else { return }
    let settings = PSFCalibrationSettings(zStep: 10, roi: 25, pixelSize: 100, origin: .middle)
    let calibration = try PSFCalibrator(settings).calibrate([cut(stack, 0..<92)])
    #expect(calibration.used == 4)
    let psf = calibration.spline
    let box = 17
    let half = box / 2
    #expect(psf.zRange.lowerBound <= -600 && psf.zRange.upperBound >= 600, "\(psf.zRange)")
    var errors: [Double] = []
    for place in [(x: 91, y: 111), (29, 119)] {
      // z of a plane: its number from the middle one, without any offset fitted.
      let planes = 15..<136
      let spots = planes.map { k in
        (place.y - half...place.y + half).flatMap { v in
          let row = (k * stack.height + v) * stack.width
          return stack.pixels[row + place.x - half...row + place.x + half]
        }
      }
      let fits = try fit(spots, .spline(psf), box: box)
      for (k, theta) in zip(planes, fits) { errors.append(theta[4] - Double(k - 75) * 10) }
      // Shape: one place for all planes, z from the stage; light and background do not matter.
      let x = fits.map { $0[0] }.sorted()[fits.count / 2]
      let y = fits.map { $0[1] }.sorted()[fits.count / 2]
      let pixels = spots.flatMap { $0.map(Double.init) }
      func model(_ change: (_ u: Int, _ v: Int, _ z: Double) -> (Int, Int, Double)) -> [Double] {
        planes.flatMap { k -> [Double] in
          let (_, _, z) = change(0, 0, Double(k - 75) * 10)
          let image = psf.shares(
            columns: -half..<half + 1, rows: -half..<half + 1, x: x, y: y, z: z)
          return (-half...half).flatMap { v in
            (-half...half).map { u in
              let (a, b, _) = change(u, v, 0)
              return image[(b + half) * box + a + half].value
            }
          }
        }
      }
      let raw = correlation(model { ($0, $1, $2) }, pixels)
      let size = box * box
      var noise = 0.0
      for i in size..<pixels.count - size {
        let second = pixels[i - size] - 2 * pixels[i] + pixels[i + size]
        noise += second * second / 6 / Double(pixels.count - 2 * size)
      }
      let mean = pixels.reduce(0, +) / Double(pixels.count)
      let variance = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels.count)
      let clean = raw / (1 - noise / variance).squareRoot()
      let controls = [
        correlation(model { ($1, $0, $2) }, pixels), correlation(model { (-$0, $1, $2) }, pixels),
        correlation(model { ($0, $1, -$2) }, pixels),
      ]
      print(
        "\(name) held-out bead at \(place): correlation \(raw), without the bead's noise \(clean); "
          + "transposed, mirrored, z flipped \(controls)")
      #expect(clean > 0.999)
      for control in controls { #expect(control < 0.99) }
    }
    let rms = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    print("\(name) held-out z over ±600 nm: rms \(rms) nm, \(errors.count) planes")
    #expect(errors.count == 242)
    #expect(rms < 10)
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
