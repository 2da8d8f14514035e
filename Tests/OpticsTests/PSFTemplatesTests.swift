import Foundation
import Microscopy
import Optics
import Testing

/// Two rotating lobes, and the templates that detect a PSF in a frame.
@Suite struct PSFTemplatesTests {
  private let lobes = RotatingLobes(sigma: 1)

  private func spline() throws -> CalibratedPSF {
    .spline(try SplinePSF(sampling: lobes, side: 31, zStep: 20, zRange: -600...600))
  }

  @Test func lobesTurnAndKeepTheirLight() {
    for z in [-700.0, 0, 333] {
      let shares = lobes.shares(columns: -12..<13, rows: -12..<13, x: 0.3, y: -0.2, z: z)
      #expect(abs(shares.reduce(0) { $0 + $1.value } - 1) < 1e-9)
    }
    // A quarter of a turn in a micrometre, from x towards y, at 45° in the focus.
    func brightest(_ z: Double) -> (x: Int, y: Int) {
      let shares = lobes.shares(columns: 0..<5, rows: -4..<5, x: 0, y: 0, z: z)
      let place = shares.indices.max { shares[$0].value < shares[$1].value }!
      return (place % 5, place / 5 - 4)
    }
    #expect(brightest(-500) == (2, 0))
    #expect(brightest(0).x == brightest(0).y)
    #expect(abs(brightest(499).y) == 2)
  }

  @Test func slopesAreThoseOfDifferences() {
    let step = 1e-4
    func at(_ x: Double, _ y: Double, _ z: Double) -> [PixelShare] {
      lobes.shares(columns: -4..<5, rows: -4..<5, x: x, y: y, z: z)
    }
    let (x, y, z) = (0.2, -0.4, 130.0)
    for (i, share) in at(x, y, z).enumerated() {
      let byX = (at(x + step, y, z)[i].value - at(x - step, y, z)[i].value) / (2 * step)
      let byY = (at(x, y + step, z)[i].value - at(x, y - step, z)[i].value) / (2 * step)
      let byZ = (at(x, y, z + 1)[i].value - at(x, y, z - 1)[i].value) / 2
      #expect(abs(share.byX - byX) < 1e-7 && abs(share.byY - byY) < 1e-7)
      #expect(abs(share.byZ - byZ) < 1e-8)
    }
  }

  @Test func templatesIgnoreAnEvenBackgroundAndKeepTheSignal() throws {
    let psf = try spline()
    let templates = PSFTemplates(psf, side: 13)
    let size = 13 * 13
    #expect(templates.images.count == templates.heights.count * size)
    #expect(3...20 ~= templates.heights.count, "\(templates.heights)")
    for t in templates.heights.indices {
      let image = templates.images[t * size..<(t + 1) * size].map(Double.init)
      #expect(abs(image.reduce(0, +)) < 1e-5)
      #expect(abs(image.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
    for z in stride(from: -600.0, through: 600, by: 37) {
      let shares = psf.shares(columns: -6..<7, rows: -6..<7, x: 0, y: 0, z: z).map(\.value)
      let mean = shares.reduce(0, +) / Double(size)
      let length = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
      let best = templates.heights.indices.map { t in
        shares.indices.reduce(0) { $0 + Double(templates.images[t * size + $1]) * shares[$1] }
      }.max()!
      #expect(best / length > 0.89, "\(z)")
    }
  }

  @Test func severalPeaksAndTheReachOfSideMaxima() throws {
    let helix = PSFTemplates(try spline(), side: 13)
    #expect(helix.hasSeveralPeaks)
    // One lobe at the position of the other, 4 px away.
    #expect(3...6 ~= helix.reach, "\(helix.reach)")
    #expect(1...3 ~= helix.resolution, "\(helix.resolution)")
    let lens = PSFTemplates(.astigmatic(.typical), side: 13)
    #expect(!lens.hasSeveralPeaks)
  }
}
