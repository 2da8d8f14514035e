import Foundation
import Microscopy
import Testing

@testable import Optics

@Suite struct PupilPSFTests {
  private let plain = PupilPSF(numericalAperture: 1.2, wavelength: 600, pixelSize: 100)

  private func image(_ psf: PupilPSF, z: Double = 0, x: Double = 0, y: Double = 0, half: Int = 12)
    -> [Double]
  {
    psf.shares(columns: -half..<half + 1, rows: -half..<half + 1, x: x, y: y, z: z)
  }

  /// Second moments and the place of the light, px.
  private func moments(_ image: [Double], half: Int = 12) -> (
    light: Double, x: Double, y: Double, xx: Double, yy: Double, xy: Double
  ) {
    let side = 2 * half + 1
    var (light, x, y) = (0.0, 0.0, 0.0)
    for (i, value) in image.enumerated() {
      light += value
      x += value * Double(i % side - half)
      y += value * Double(i / side - half)
    }
    (x, y) = (x / light, y / light)
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (i, value) in image.enumerated() {
      let (u, v) = (Double(i % side - half) - x, Double(i / side - half) - y)
      xx += value * u * u / light
      yy += value * v * v / light
      xy += value * u * v / light
    }
    return (light, x, y, xx, yy, xy)
  }

  /// Without a phase, the focus is Airy's disc, (2 J₁(r)/r)², with a total light of 1.
  @Test func theFocusIsAirysDisc() {
    let image = image(plain)
    let k = 2 * Double.pi * 1.2 / 600
    func airy(_ r: Double) -> Double {
      let t = k * r
      let amplitude = t < 1e-9 ? 1 : 2 * j1(t) / t
      return k * k / (4 * .pi) * amplitude * amplitude
    }
    for v in -3...3 {
      for u in -3...3 {
        var sum = 0.0
        for b in 0..<20 {
          for a in 0..<20 {
            let x = (Double(u) - 0.475 + Double(a) / 20) * 100
            let y = (Double(v) - 0.475 + Double(b) / 20) * 100
            sum += airy(hypot(x, y)) * 25
          }
        }
        let found = image[(v + 12) * 25 + u + 12]
        #expect(abs(found - sum) < 3e-4 * airy(0) * 10_000, "(\(u), \(v)): \(found), \(sum)")
      }
    }
    // Airy's rings have 2 % of the light outside 1.2 µm.
    let light = moments(image).light
    #expect(light > 0.95 && light < 0.995)
  }

  @Test func aPositionMovesTheImageAndDefocusWidensIt() {
    let shifted = moments(image(plain, x: 1.3, y: -2.6))
    #expect(abs(shifted.x - 1.3) < 0.15 && abs(shifted.y + 2.6) < 0.15)
    let (focus, above, below) = (
      image(plain, z: 0), image(plain, z: 500), image(plain, z: -500)
    )
    #expect(focus[12 * 25 + 12] > 2 * above[12 * 25 + 12])
    // Without a phase, above and below are equal.
    #expect(above.count == 25 * 25 && below.count == above.count)
    for (a, b) in zip(above, below) { #expect(abs(a - b) < 1e-9) }
  }

  @Test func astigmatismTurnsItsAxisWithHeight() {
    var psf = plain
    psf.zernike = [ZernikeTerm(n: 2, m: 2, waves: 0.12)]
    let (above, below) = (moments(image(psf, z: 400)), moments(image(psf, z: -400)))
    #expect(max(above.xx, above.yy) > 1.3 * min(above.xx, above.yy))
    #expect((above.xx - above.yy) * (below.xx - below.yy) < 0)
    #expect(abs(above.xx / below.yy - 1) < 1e-6)
    // The other astigmatism lies on the diagonals.
    psf.zernike = [ZernikeTerm(n: 2, m: -2, waves: 0.12)]
    let diagonal = moments(image(psf, z: 400))
    #expect(abs(diagonal.xx / diagonal.yy - 1) < 1e-6 && abs(diagonal.xy) > 0.2 * diagonal.xx)
  }

  /// A phase is a delay, z the height above the focal plane: delaying the rim focuses above it.
  @Test func theSignOfZ() {
    var psf = plain
    psf.zernike = [ZernikeTerm(n: 2, m: 0, waves: 0.2)]
    let heights = Array(stride(from: -1000.0, through: 1000, by: 50))
    let peaks = heights.map { image(psf, z: $0).max()! }
    let sharpest = heights[peaks.indices.max { peaks[$0] < peaks[$1] }!]
    // 2π · 0.2 · √3 · 2 ρ² against z k (1 − √(1 − (ρ NA/n)²)), equal at the middle and at the rim.
    let part = psf.numericalAperture / psf.refractiveIndex
    let depth =
      0.2 * 2 * 3.0.squareRoot() * psf.wavelength
      / (psf.refractiveIndex * (1 - (1 - part * part).squareRoot()))
    #expect(abs(sharpest - depth) < 100, "\(sharpest) \(depth)")
    // A mask compensates the delay of a molecule that is 200 nm too high.
    let side = 501
    let edge = psf.numericalAperture / psf.wavelength
    psf.zernike = []
    psf.mask = .map(
      side: side,
      radians: (0..<side * side).map { i in
        let (x, y) = (
          (Double(i % side) + 0.5) / Double(side) * 2 - 1,
          (Double(i / side) + 0.5) / Double(side) * 2 - 1
        )
        let whole = psf.refractiveIndex / psf.wavelength
        let lateral = min(x * x + y * y, 1) * edge * edge
        return Float(-200 * 2 * .pi * (whole * whole - lateral).squareRoot())
      })
    let (found, focus) = (image(psf, z: 200), image(plain, z: 0))
    #expect(zip(found, focus).allSatisfy { abs($0 - $1) < 0.01 * focus.max()! })
    #expect(image(psf, z: -200).max()! < 0.7 * focus.max()!)
  }

  @Test func aDoubleHelixTurns() {
    var psf = plain
    psf.mask = .doubleHelix(rings: 3)
    func angle(_ z: Double) -> Double {
      let m = moments(image(psf, z: z))
      return 0.5 * atan2(2 * m.xy, m.xx - m.yy) * 180 / .pi
    }
    // Angles of an axis: modulo 180°.
    func turn(_ a: Double, _ b: Double) -> Double {
      let difference = (b - a).truncatingRemainder(dividingBy: 180)
      return difference > 90 ? difference - 180 : difference < -90 ? difference + 180 : difference
    }
    let angles = stride(from: -400.0, through: 400, by: 100).map(angle)
    let turns = zip(angles, angles.dropFirst()).map(turn)
    // Half of the pupil's defocus phase over its rings: 5.9° in 100 nm near the focus.
    #expect(turns.allSatisfy { $0 > 4 } || turns.allSatisfy { $0 < -4 }, "\(turns)")
    #expect(abs(turns.reduce(0, +)) > 35)
  }

  @Test func zernikeTermsAreOrthonormal() {
    let terms = [(0, 0), (1, 1), (2, 0), (2, -2), (3, 1), (4, 0), (4, 2), (6, -4)].map {
      ZernikeTerm(n: $0.0, m: $0.1, waves: 1)
    }
    let cells = 400
    for (i, a) in terms.enumerated() {
      for b in terms[i...] {
        var (sum, count) = (0.0, 0.0)
        for row in 0..<cells {
          for column in 0..<cells {
            let x = (2 * Double(column) + 1) / Double(cells) - 1
            let y = (2 * Double(row) + 1) / Double(cells) - 1
            guard x * x + y * y <= 1 else { continue }
            sum += a.value(x: x, y: y) * b.value(x: x, y: y)
            count += 1
          }
        }
        #expect(abs(sum / count - (a == b ? 1 : 0)) < 0.01, "\(a), \(b)")
      }
    }
    #expect(!ZernikeTerm(n: 2, m: 1, waves: 1).isPossible)
    #expect(!ZernikeTerm(n: 2, m: 4, waves: 1).isPossible)
    #expect(!ZernikeTerm(n: 2, m: 0, waves: .nan).isPossible)
  }

  /// The table compared with diffraction at positions between its points, and its slopes with
  /// finite differences.
  @Test func theTableIsThePupil() {
    var psf = plain
    psf.zernike = [ZernikeTerm(n: 2, m: 2, waves: 0.1), ZernikeTerm(n: 3, m: -1, waves: 0.05)]
    let table = psf.tabulated(zRange: -200...200, reach: 6)
    let highest = image(psf, half: 3).max()!
    for (x, y, z) in [(0.0, 0.0, 0.0), (0.37, -0.11, 93), (-0.48, 0.29, -171), (0.13, 0.5, 200)] {
      let exact = psf.shares(columns: -3..<4, rows: -3..<4, x: x, y: y, z: z)
      let found = table.shares(columns: -3..<4, rows: -3..<4, x: x, y: y, z: z)
      #expect(exact.count == 49 && found.count == 49)
      for (a, b) in zip(exact, found) { #expect(abs(a - b.value) < 1e-3 * highest) }
      let h = 1e-4
      let right = table.shares(columns: -3..<4, rows: -3..<4, x: x + h, y: y, z: z)
      let left = table.shares(columns: -3..<4, rows: -3..<4, x: x - h, y: y, z: z)
      for (i, share) in found.enumerated() {
        // Two cubics meet at some of the positions, with slightly different slopes.
        #expect(abs((right[i].value - left[i].value) / (2 * h) - share.byX) < 3e-3 * highest)
      }
      guard z < 200 else { continue }
      let up = table.shares(columns: -3..<4, rows: -3..<4, x: x, y: y, z: z + 0.1)
      let down = table.shares(columns: -3..<4, rows: -3..<4, x: x, y: y, z: z - 0.1)
      for (i, share) in found.enumerated() {
        #expect(abs((up[i].value - down[i].value) / 0.2 - share.byZ) < 1e-5 * highest)
      }
    }
    // The block that a simulation draws is the same.
    let columns = table.pixels(around: 20.3, size: 64)
    let rows = table.pixels(around: 1.2, size: 64)
    #expect(columns.contains(15) && columns.contains(26) && rows.lowerBound == 0)
    let shares = table.shares(columns: columns, rows: rows, x: 20.3, y: 1.2, z: 50)
    var light = [Double](repeating: -1, count: shares.count)
    light.withUnsafeMutableBufferPointer {
      table.draw(columns: columns, rows: rows, x: 20.3, y: 1.2, z: 50, into: $0)
    }
    #expect(shares.count == columns.count * rows.count)
    for (a, b) in zip(shares, light) { #expect(abs(max(0, a.value) - b) < 1e-12) }
  }

  @Test func impossiblePupilsAreNamed() {
    func problem(_ change: (inout PupilPSF) -> Void) -> String {
      var psf = plain
      change(&psf)
      return psf.problem ?? ""
    }
    #expect(problem { _ in }.isEmpty)
    #expect(problem { $0.numericalAperture = 1.6 }.contains("below the refractive index 1.518"))
    #expect(problem { $0.numericalAperture = .nan }.contains("numerical aperture nan"))
    #expect(problem { $0.wavelength = 0 }.contains("wavelength 0"))
    #expect(problem { $0.refractiveIndex = 0.9 }.contains("refractive index 0.9"))
    #expect(problem { $0.pixelSize = -1 }.contains("pixel size"))
    #expect(
      problem { $0.zernike = [ZernikeTerm(n: 3, m: 0, waves: 1)] }.contains("does not exist"))
    #expect(problem { $0.mask = .doubleHelix(rings: 0) }.contains("0 rings"))
    #expect(problem { $0.mask = .map(side: 2, radians: [1, 2, 3]) }.contains("not a square"))
    #expect(problem { $0.mask = .map(side: 2, radians: [1, 2, 3, .nan]) }.contains("not a number"))
  }
}
