import Formats
import Foundation
import Optics
import TestConditions
import TestSupport
import Testing

/// Published phase masks, computed through the pupil.
@Suite struct TetrapodTests {
  /// The tetrapod of DeepSTORM3D: two lobes on one diagonal above the focus, on the other below.
  @Test(
    .data("psf/deepstorm3d/mask_tetrapod.mat", "psf/deepstorm3d/mask_tetrapod_printed.mat"))
  func aPublishedTetrapod() throws {
    for (name, expected) in [("mask_tetrapod", 165), ("mask_tetrapod_printed", 89)] {
      let (side, radians) = try PhaseMaskFile.read(
        SharedData.path("psf/deepstorm3d/\(name).mat"))
      #expect(side == expected)
      let psf = PupilPSF(
        numericalAperture: 1.45, refractiveIndex: 1.518, pixelSize: 110,
        mask: .map(side: side, radians: radians))
      #expect(psf.problem == nil)
      func spread(_ z: Double) -> (wide: Double, angle: Double) {
        let shares = psf.shares(columns: -20..<21, rows: -20..<21, x: 0, y: 0, z: z)
        var (sum, mx, my, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        // Above a fifth of the peak, to exclude the tails.
        let floor = shares.max()! / 5
        for (i, share) in shares.enumerated() where share > floor {
          let (x, y) = (Double(i % 41 - 20), Double(i / 41 - 20))
          sum += share
          mx += share * x
          my += share * y
          xx += share * x * x
          yy += share * y * y
          xy += share * x * y
        }
        let (a, b) = (xx / sum - mx * mx / sum / sum, yy / sum - my * my / sum / sum)
        let c = xy / sum - mx * my / sum / sum
        let root = ((a - b) * (a - b) / 4 + c * c).squareRoot()
        return ((((a + b) / 2 + root) / ((a + b) / 2 - root)).squareRoot(), atan2(2 * c, a - b) / 2)
      }
      let (above, below) = (spread(1500), spread(-1500))
      #expect(above.wide > 2 && below.wide > 2, "\(name): \(above) \(below)")
      let turn = abs(above.angle - below.angle) * 180 / .pi
      #expect(60...120 ~= min(turn, 360 - turn), "\(name): \(turn)°")
    }
  }
}
