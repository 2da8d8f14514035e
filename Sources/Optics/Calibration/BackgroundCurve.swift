/// The background level of a stack's planes, measured away from beads.
struct BackgroundCurve {
  /// One value per plane; nil if beads leave too few pixels.
  let levels: [Double]?

  /// - Parameter beads: all beads of this stack, including rejected ones.
  init(_ stack: BeadStack, beads: [Bead], roi: Int) {
    let reach = 0.75 * Double(roi)
    var free: [Int] = []
    for v in 0..<stack.height {
      for u in 0..<stack.width
      where !beads.contains(where: {
        max(abs($0.x - Double(u)), abs($0.y - Double(v))) < reach
      }) {
        free.append(v * stack.width + u)
      }
    }
    guard free.count >= 200 else {
      levels = nil
      return
    }
    // A few thousand pixels determine the level well enough.
    let chosen = stride(from: 0, to: free.count, by: max(1, free.count / 4000)).map { free[$0] }
    let size = stack.width * stack.height
    let levels = (0..<stack.planes).map { k in
      Statistics.clippedMean(
        chosen.map { Double(stack.pixels[k * size + $0]) }.filter(\.isFinite))
    }
    self.levels = levels.allSatisfy(\.isFinite) ? levels : nil
  }

  /// The background of a bead that fills its image: the border of its crop, in the plane where the
  /// border is darkest. In other planes the border contains the tail of the PSF.
  static func border(of crop: [Double], side: Int) -> [Double] {
    let size = side * side
    let planes = crop.count / size
    let ring = (0..<size).filter {
      $0 / side == 0 || $0 / side == side - 1 || $0 % side == 0 || $0 % side == side - 1
    }
    let levels = (0..<planes).map { k in Statistics.median(ring.map { crop[k * size + $0] }) }
    let smooth = levels.indices.map { k in
      Statistics.mean(Array(levels[max(0, k - 2)...min(planes - 1, k + 2)]))
    }
    return [Double](repeating: smooth.min() ?? 0, count: planes)
  }
}
