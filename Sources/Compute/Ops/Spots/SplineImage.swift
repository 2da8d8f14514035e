/// The image of a spline PSF, in Double.
struct SplineImage: SpotImage {
  let model: SplineModel
  /// In the layout of `SplineModel.grid`.
  let grid: [Double]

  var box: Int { model.box }
  var parameters: Int { 5 }
  var leastSquares: Bool { false }
  var noise: Float { model.noise }
  var isAxial: Bool { true }
  var sharesWidth: Bool { false }
  var starts: [[Double]] { model.heights.map { [Double($0), 0] } }

  func bounds(_ i: Int) -> ClosedRange<Double> {
    let reach = Double(model.reach)
    return i < 2
      ? -reach...reach : i < 4 ? lightBounds(i) : Double(model.lowestZ)...Double(model.highestZ)
  }

  func pixels(_ theta: [Double]) -> [(mean: Double, gradient: [Double])] {
    shares(x: theta[0], y: theta[1], z: theta[4]).map { share in
      (
        theta[2] * share.value + theta[3],
        [theta[2] * share.byX, theta[2] * share.byY, share.value, 1, theta[2] * share.byZ]
      )
    }
  }

  struct Share {
    var value = 0.0
    var byX = 0.0
    var byY = 0.0
    var byZ = 0.0
  }

  /// The box's pixels for a molecule at (x, y) relative to the centre of the central pixel.
  func shares(x: Double, y: Double, z: Double) -> [Share] {
    let column = place(Double(model.centreX) - x, box, model.columns)
    let row = place(Double(model.centreY) - y, box, model.rows)
    let plane = place((z - Double(model.firstZ)) / Double(model.zStep), 1, model.planes)
    func powers(_ t: Double) -> (values: [Double], slopes: [Double]) {
      ([1, t, t * t, t * t * t], [0, 1, 2 * t, 3 * t * t])
    }
    let (px, py, pz) = (powers(column.offset), powers(row.offset), powers(plane.offset))
    return (0..<box * box).map { k in
      let line = plane.first * model.rows + row.first + k / box
      var share = Share()
      for term in 0..<64 {
        let (a, b, c) = (term % 4, term / 4 % 4, term / 16)
        let coefficient = grid[(line * 64 + term) * model.columns + column.first + k % box]
        share.value += coefficient * px.values[a] * py.values[b] * pz.values[c]
        share.byX -= coefficient * px.slopes[a] * py.values[b] * pz.values[c]
        share.byY -= coefficient * px.values[a] * py.slopes[b] * pz.values[c]
        share.byZ +=
          coefficient * px.values[a] * py.values[b] * pz.slopes[c] / Double(model.zStep)
      }
      return share
    }
  }

  /// For a line of `count` cells whose middle one contains `place`: the first cell, and the
  /// position in it.
  private func place(
    _ place: Double, _ count: Int, _ cells: Int
  ) -> (first: Int, offset: Double) {
    guard place.isFinite else { return (0, place) }
    let first = min(max(Int(max(place, 0)) - count / 2, 0), cells - count)
    return (first, place - Double(first + count / 2))
  }
}
