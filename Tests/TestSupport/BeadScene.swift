import Foundation
import Optics

/// Beads at known positions, imaged at a series of heights, to test calibration.
package struct BeadScene {
  package struct Bead {
    package var x: Double
    package var y: Double
    /// Height above the others, nm.
    package var z: Double
    package var photons: Double
    /// Movement along x over the stack, px.
    package var drift: Double

    package init(
      _ x: Double, _ y: Double, z: Double = 0, photons: Double = 40_000, drift: Double = 0
    ) {
      self.x = x
      self.y = y
      self.z = z
      self.photons = photons
      self.drift = drift
    }
  }

  package var width = 96
  package var height = 64
  package var planes = 41
  /// nm; the middle plane is at 0.
  package var zStep = 30.0
  package var beads: [Bead]
  package var background = 10.0
  /// Counts for no light; one count a photon.
  package var offset = 0.0
  package var limit = 65_535.0
  /// Half the side of the block around a bead that gets light.
  package var reach = 16
  package var psf: any PointSpreadFunction
  package var seed: UInt64 = 1

  package init(psf: any PointSpreadFunction, beads: [Bead]) {
    self.psf = psf
    self.beads = beads
  }

  /// Five well separated beads, at irregular positions and heights.
  package static let fiveBeads = [
    Bead(15.3, 14.8, z: 12), Bead(44.7, 17.1, z: -18, photons: 52_000),
    Bead(78.6, 13.4, z: 5, photons: 33_000), Bead(24.2, 46.9, z: -7), Bead(66.45, 44.3, z: 8),
  ]

  package func height(ofPlane k: Int) -> Double {
    (Double(k) - Double(planes - 1) / 2) * zStep
  }

  /// [planes, rows, columns].
  package func counts() -> [UInt16] {
    var expected = [Double](repeating: background, count: width * height * planes)
    for bead in beads {
      let columns = block(around: bead.x, size: width)
      let rows = block(around: bead.y, size: height)
      for k in 0..<planes {
        let x = bead.x + bead.drift * (Double(k) / Double(planes - 1) - 0.5)
        let shares = psf.shares(
          columns: columns, rows: rows, x: x, y: bead.y, z: height(ofPlane: k) + bead.z)
        for (i, share) in shares.enumerated() {
          let (u, v) = (columns.lowerBound + i % columns.count, rows.lowerBound + i / columns.count)
          expected[(k * height + v) * width + u] += bead.photons * max(0, share.value)
        }
      }
    }
    var random = RandomStream(seed: seed)
    return expected.map { UInt16(min(offset + Double(random.poisson($0)), limit)) }
  }

  private func block(around place: Double, size: Int) -> Range<Int> {
    let first = max(0, Int(place) - reach)
    return first..<max(first, min(size, Int(place) + reach))
  }

  package func stack(name: String = "beads.tif") -> BeadStack {
    BeadStack(
      name: name, width: width, height: height, planes: planes, pixels: counts().map(Float.init))
  }
}

/// Two spots that rotate around each other with z.
package struct DoubleHelix: PointSpreadFunction {
  package init() {}

  package var axialRange: ClosedRange<Double>? { -700...700 }

  package func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [PixelShare] {
    let angle = z / 700 * .pi / 2
    let (dx, dy) = (2.6 * cos(angle), 2.6 * sin(angle))
    let spot = GaussianPSF(sigma: 1.15)
    return rows.flatMap { v in
      columns.map { u in
        PixelShare(
          0.5 * spot.share(column: u, row: v, x: x + dx, y: y + dy)
            + 0.5 * spot.share(column: u, row: v, x: x - dx, y: y - dy))
      }
    }
  }
}
