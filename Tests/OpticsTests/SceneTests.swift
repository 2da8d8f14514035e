import Foundation
import Microscopy
import Optics
import Testing

@Suite struct SceneTests {
  private func points(_ scene: Scene, _ blinking: Blinking, frames: Int = 1, seed: UInt64 = 4)
    throws
    -> [(x: Double, y: Double)]
  {
    let settings = SimulationSettings(
      width: 64, height: 64, frames: frames, scene: scene, blinking: blinking, seed: seed)
    let truth = try Simulation(settings).truth
    return Array(zip(truth[.x]!, truth[.y]!)).map { (x: $0.0, y: $0.1) }
  }

  @Test func aGridHasOneMoleculeAtEachPoint() throws {
    let found = try points(.grid(spacing: 800, jitter: 0), .always(molecules: 64))
    for (i, point) in found.enumerated() {
      let (column, row) = (Double(i % 8), Double(i / 8))
      #expect(hypot(point.x - 3.5 - 8 * column, point.y - 3.5 - 8 * row) < 1e-9)
    }

    let moved = try points(
      .grid(spacing: 800, jitter: 50), .independent(perFrame: 64), frames: 3)
    #expect(moved.count == 192)
    for point in moved {
      let (x, y) = ((point.x - 3.5) / 8, (point.y - 3.5) / 8)
      #expect(abs(x - x.rounded()) * 8 <= 0.5 && abs(y - y.rounded()) * 8 <= 0.5)
    }
    #expect(Set(moved.map(\.x)).count == 192)
    for frame in 0..<3 {
      let cells = moved[frame * 64..<frame * 64 + 64].map { [Int($0.x / 8), Int($0.y / 8)] }
      #expect(Set(cells).count == 64)
    }
  }

  @Test func ringsHaveTheirRadius() throws {
    // One ring well inside the field for this seed: distances from its centre are the radius.
    let found = try points(
      .rings(count: 1, radius: 300, corners: 8, blur: 0), .always(molecules: 400), seed: 12)
    let corners = Set(found.map { [($0.x * 1e6).rounded(), ($0.y * 1e6).rounded()] })
    #expect(corners.count == 8)
    let centre = corners.reduce((0.0, 0.0)) { ($0.0 + $1[0] / 8e6, $0.1 + $1[1] / 8e6) }
    for corner in corners {
      #expect(abs(hypot(corner[0] / 1e6 - centre.0, corner[1] / 1e6 - centre.1) - 3) < 1e-4)
    }
  }

  @Test func filamentsAreThinHollowAndCrossTheField() throws {
    let thin = try points(
      .filaments(count: 1, radius: 0, bend: 5000), .always(molecules: 3000))
    // Molecules fill a curve: each has a close neighbour, and the curve goes from border to border.
    for a in thin.prefix(200) {
      #expect(thin.count { b in hypot(a.x - b.x, a.y - b.y) < 0.5 } > 1)
    }
    let length = max(
      thin.map(\.x).max()! - thin.map(\.x).min()!, thin.map(\.y).max()! - thin.map(\.y).min()!)
    #expect(length > 20)
    let onBorder = thin.count {
      min($0.x + 0.5, $0.y + 0.5, 63.5 - $0.x, 63.5 - $0.y) < 1
    }
    #expect(onBorder > 0)
    // A curve occupies few of the field's pixels, against 3000 scattered molecules.
    let occupied = Set(thin.map { [Int($0.x.rounded()), Int($0.y.rounded())] }).count
    #expect(occupied < 250)

    // Walls of a tube: seen from above, more molecules near the rim than near the axis.
    let tube = try points(
      .filaments(count: 1, radius: 200, bend: 1e9), .always(molecules: 4000))
    let fit = principalAxis(tube)
    let beside = tube.map { abs(($0.x - fit.x) * fit.dy - ($0.y - fit.y) * fit.dx) }
    let interior = zip(tube, beside).filter {
      8..<56 ~= $0.0.x && 8..<56 ~= $0.0.y
    }.map(\.1)
    #expect(beside.allSatisfy { $0 < 2.6 })
    let rim = Double(interior.count { $0 > 2.0.squareRoot() }) / Double(interior.count)
    // The sine of a uniform angle exceeds 1/√2 half of the time.
    #expect(abs(rim - 0.5) < 0.06)
  }

  private func principalAxis(_ points: [(x: Double, y: Double)]) -> (
    x: Double, y: Double, dx: Double, dy: Double
  ) {
    let n = Double(points.count)
    let x = points.reduce(0) { $0 + $1.x } / n
    let y = points.reduce(0) { $0 + $1.y } / n
    let xx = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    let yy = points.reduce(0) { $0 + ($1.y - y) * ($1.y - y) }
    let xy = points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) }
    let angle = 0.5 * atan2(2 * xy, xx - yy)
    return (x, y, cos(angle), sin(angle))
  }

  /// A third of the field must fit three times, although 256 / (256 / 3) may round to below 3.
  @Test(arguments: [2, 3, 5, 7, 9])
  func everyBeadHasItsPlace(side: Int) throws {
    for size in [100, 256, 300] {
      var settings = SimulationSettings(width: size, height: size, frames: 1)
      settings.scene = .grid(spacing: Double(size) * 100 / Double(side), jitter: 0)
      settings.blinking = .always(molecules: side * side)
      let truth = try Simulation(settings).truth
      let places = Set(zip(truth[.x]!, truth[.y]!).map { "\($0) \($1)" })
      #expect(places.count == side * side, "\(size) px")
    }
  }
}
