import Microscopy

/// Evaluates the spline of each pixel's cell. Pixels off the grid have share 0; above and below the
/// grid the outermost cubics are extrapolated.
/// cubics go on.
extension SplinePSF: PointSpreadFunction {
  package var axialRange: ClosedRange<Double>? { zRange }

  package func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [PixelShare] {
    let (left, across) = Self.cell(centreX - x)
    let (top, down) = Self.cell(centreY - y)
    let height = (z - firstZ) / zStep
    let plane = min(max(Int(height.rounded(.down)), 0), planes - 1)
    let (px, dx) = Self.powers(across)
    let (py, dy) = Self.powers(down)
    let (pz, dz) = Self.powers(height - Double(plane))
    return rows.flatMap { v in
      columns.map { u in
        let (i, j) = (u + left, v + top)
        guard 0..<self.columns ~= i, 0..<self.rows ~= j else { return PixelShare() }
        let first = ((plane * self.rows + j) * self.columns + i) * 64
        var share = PixelShare()
        for c in 0..<4 {
          for b in 0..<4 {
            var (value, slope) = (0.0, 0.0)
            for a in 0..<4 {
              let coefficient = Double(coefficients[first + 16 * c + 4 * b + a])
              value += coefficient * px[a]
              slope += coefficient * dx[a]
            }
            share.value += value * py[b] * pz[c]
            share.byX -= slope * py[b] * pz[c]
            share.byY -= value * dy[b] * pz[c]
            share.byZ += value * py[b] * dz[c] / zStep
          }
        }
        return share
      }
    }
  }

  /// Total light on the grid's pixels for a molecule at height `z` on a pixel's centre, as a
  /// fraction of its photons.
  package func light(at z: Double) -> Double {
    let (left, top) = (Int(centreX.rounded(.down)), Int(centreY.rounded(.down)))
    return shares(
      columns: -left..<columns - left, rows: -top..<rows - top, x: 0, y: 0, z: z
    ).reduce(0) { $0 + $1.value }
  }

  private static func cell(_ place: Double) -> (index: Int, offset: Double) {
    let floor = place.rounded(.down)
    return (Int(floor), place - floor)
  }

  private static func powers(_ t: Double) -> (values: [Double], slopes: [Double]) {
    ([1, t, t * t, t * t * t], [0, 1, 2 * t, 3 * t * t])
  }
}
