/// The part of a bead's light that lies in a square around it, by height and by the square's side.
///
/// All light is what the largest square holds at the height where it holds most. This square is as
/// large as the neighbours and the image's border leave room for.
struct BeadLight {
  /// z of the field, nm, one for each plane.
  private let heights: [Double]
  /// By side in steps of 2 px, from the box up to the largest square; one value for each plane.
  private let parts: [[Double]]
  /// The light in the box, relative to the height at which the box holds most.
  private let held: [Double]
  /// Side of the box, px.
  let box: Int

  /// The largest side for which there is room, px.
  var widest: Int { box + 2 * (parts.count - 1) }

  /// - Parameters:
  ///   - box: side of the box around a bead, px; every used bead has room for it.
  ///   - limit: the largest side of interest, px.
  init(_ alignment: BeadAlignment, _ stacks: [BeadStack], heights: [Double], box: Int, limit: Int) {
    self.box = box
    let used = alignment.used
    let rooms = used.map {
      max(box, min(limit, Self.room(of: $0, alignment.beads, stacks)))
    }
    // Half of the beads have this room, so half of them can be measured together.
    let side = rooms.sorted(by: >)[(rooms.count - 1) / 2]
    let roomy = zip(used, rooms).filter { $0.1 >= side }.map(\.0)
    let heightOfOrigin = Statistics.mean(roomy.map { alignment.parts[$0]!.place.z })
    self.heights = heights.map { $0 - heightOfOrigin }
    let sides = Array(stride(from: box, through: side, by: 2))
    var sums = sides.map { _ in heights.map { _ in 0.0 } }
    for index in roomy {
      let bead = alignment.beads[index]
      let crop = stacks[bead.stack].crop(
        x: Int(bead.x.rounded()), y: Int(bead.y.rounded()), side: side)
      let background = alignment.backgrounds[index]
      let size = side * side
      let pixels = crop.indices.map { crop[$0] - background[$0 / size] }
      let lights = Self.lights(of: pixels, side: side, sides: sides)
      let shift = (alignment.parts[index]!.place.z - heightOfOrigin) / (heights[1] - heights[0])
      for (s, curve) in lights.enumerated() {
        for k in heights.indices {
          sums[s][k] += Self.value(of: curve, at: Double(k) + shift)
        }
      }
    }
    // Noise of a plane is not taken for light: about 120 nm are averaged.
    let reach = min(2, Int(60 / (heights[1] - heights[0])))
    let smooth = sums.map { curve in
      curve.indices.map {
        Statistics.mean(Array(curve[max(0, $0 - reach)...min(curve.count - 1, $0 + reach)]))
      }
    }
    let all = max(smooth.last?.max() ?? 0, .leastNormalMagnitude)
    parts = smooth.map { $0.map { min(max($0 / all, 0), 1) } }
    let most = max(smooth[0].max() ?? 0, .leastNormalMagnitude)
    held = smooth[0].map { min(max($0 / most, 0), 1) }
  }

  /// The light in the box at a height, relative to the height at which the box holds most. The wide
  /// tails of a PSF, which no box holds at any height, are not counted.
  func part(at z: Double) -> Double { part(held, at: z) }

  /// The smallest side, px, that holds a part of the light at every height of a range; if there is
  /// no room for that much, the smallest that holds nearly as much as any.
  func side(holding part: Double, over range: ClosedRange<Double>) -> Int {
    let least = parts.map { curve in
      (0...50).map {
        let share = Double($0) / 50
        return self.part(
          curve, at: range.lowerBound + share * (range.upperBound - range.lowerBound))
      }.min() ?? 0
    }
    let goal = min(part, (least.max() ?? 0) - 0.01)
    return box + 2 * (least.firstIndex { $0 >= goal } ?? 0)
  }

  private func part(_ curve: [Double], at z: Double) -> Double {
    Self.value(of: curve, at: (z - heights[0]) / (heights[1] - heights[0]))
  }

  /// Interpolated between two values; the first and last continue outside.
  private static func value(of curve: [Double], at place: Double) -> Double {
    let place = min(max(place, 0), Double(curve.count - 1))
    let low = min(Int(place), curve.count - 2)
    return curve[low] + (place - Double(low)) * (curve[low + 1] - curve[low])
  }

  /// Side of the largest square around a bead that is inside the image and reaches at most half way
  /// to any other bead, px.
  private static func room(of index: Int, _ beads: [Bead], _ stacks: [BeadStack]) -> Int {
    let bead = beads[index]
    let stack = stacks[bead.stack]
    let (x, y) = (Int(bead.x.rounded()), Int(bead.y.rounded()))
    var half = min(x, y, stack.width - 1 - x, stack.height - 1 - y)
    for (other, neighbour) in beads.enumerated()
    where other != index && neighbour.stack == bead.stack && neighbour.fault?.name != "dim" {
      half = min(half, Int(max(abs(neighbour.x - bead.x), abs(neighbour.y - bead.y)) / 2))
    }
    return 2 * half + 1
  }

  /// The light in squares of several sides in every plane. The level of the largest square's border
  /// in the darkest planes is background that was not known before.
  private static func lights(of pixels: [Double], side: Int, sides: [Int]) -> [[Double]] {
    let size = side * side
    let planes = pixels.count / size
    let ring = (0..<size).filter {
      $0 / side == 0 || $0 / side == side - 1 || $0 % side == 0 || $0 % side == side - 1
    }
    let levels = (0..<planes).map { k in Statistics.median(ring.map { pixels[k * size + $0] }) }
    let level = Statistics.quantile(levels, 0.2)
    return sides.map { inner in
      let cut = (side - inner) / 2
      return (0..<planes).map { k in
        (cut..<cut + inner).reduce(0.0) { sum, v in
          let row = k * size + v * side + cut
          return pixels[row..<row + inner].reduce(sum) { $0 + $1 - level }
        }
      }
    }
  }
}
