/// The level of a stack's planes where no bead is.
struct BackgroundCurve {
  /// One value a plane; nil where beads leave too few pixels.
  let levels: [Double]?

  /// - Parameter beads: of this stack, the refused ones as well.
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
    // Some thousand pixels know the level well enough.
    let chosen = stride(from: 0, to: free.count, by: max(1, free.count / 4000)).map { free[$0] }
    let size = stack.width * stack.height
    let levels = (0..<stack.planes).map { k in
      Statistics.clippedMean(
        chosen.map { Double(stack.pixels[k * size + $0]) }.filter(\.isFinite))
    }
    self.levels = levels.allSatisfy(\.isFinite) ? levels : nil
  }

  /// The level of a bead that fills its image: the border of its crop in the plane where that is
  /// darkest, since what the border has elsewhere is the PSF's tail.
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
