/// Seeded images of molecules with noise, for the samples of fits.
struct DrawnSpots {
  /// [capacity, box²], like the noise.
  let spots: Reference
  /// The variance of each pixel's noise.
  let noise: Reference
  /// The true parameters, [capacity, columns].
  let truth: Reference
  /// Flags of which some cut the box, [capacity].
  let flags: Reference

  /// - Parameters:
  ///   - map: whether every pixel has its own variance; otherwise it is the model's.
  ///   - strange: whether some spots fit no model.
  ///   - cut: whether the frame's edge cuts some boxes; pixels outside are too bright by 30.
  ///   - theta: a molecule's parameters, from a function that draws numbers in a range.
  init(
    _ model: some SpotImage, capacity: Int, map: Bool, strange: Bool, cut: Bool = false,
    seed: UInt64,
    theta: (_ random: (ClosedRange<Double>) -> Double) -> [Double]
  ) {
    var generator = SampleGenerator(seed: seed)
    func random(_ range: ClosedRange<Double>) -> Double {
      Double(Float(Double.random(in: range, using: &generator)))
    }
    var spots: [Double] = []
    var noise: [Double] = []
    var truth: [Double] = []
    for _ in 0..<capacity {
      let theta = theta(random)
      truth += theta
      for mean in model.pixels(theta).map(\.mean) {
        let variance = map ? random(0.5...6) : Double(model.noise)
        noise.append(variance)
        // Close enough to Poisson: the sum of four uniform numbers is nearly normal.
        let bell = (0..<4).reduce(0.0) { sum, _ in sum + random(-1...1) } * 0.75.squareRoot()
        spots.append(Double(Float(mean + max(mean + variance, 0).squareRoot() * bell)))
      }
    }
    if strange { Self.estrange(&spots, pixels: model.box * model.box) }
    let deep = model.box / 2 - 2
    var flags: [Double] = []
    for row in 0..<capacity {
      var edge = SpotCut(flags: 0)
      if cut {
        // In turn no edge, one, and two.
        edge.left = [0, deep, 0, 1, 0, deep - 1][row % 6]
        edge.bottom = [0, 0, deep, 1, 0, 0][row % 6]
        edge.top = [0, 0, 0, 0, deep, 0][row % 6]
        edge.right = [0, 0, 0, 0, 1, 0][row % 6]
      }
      flags.append(Double(edge.flags))
      let inside = edge.inside(box: model.box)
      for k in Set(0..<model.box * model.box).subtracting(inside) {
        spots[row * model.box * model.box + k] += 30
      }
    }
    self.flags = Reference(TensorType(.int32, capacity), flags)
    let boxes = TensorType(.float32, capacity, model.box * model.box)
    self.spots = Reference(boxes, spots)
    self.noise = Reference(boxes, noise)
    self.truth = Reference(TensorType(.float32, capacity, SpotModel.columns), truth)
  }

  /// Spots that fit no model: empty, constant, negative, one hot pixel, NaN, extreme values.
  private static func estrange(_ spots: inout [Double], pixels: Int) {
    for (row, value) in [(1, 0.0), (3, 5), (5, -3)] {
      for k in 0..<pixels { spots[row * pixels + k] = value }
    }
    for k in 0..<pixels { spots[7 * pixels + k] = k == 0 ? 1e6 : 0 }
    spots[9 * pixels + 4] = .nan
    spots[11 * pixels] = .infinity
    spots[13 * pixels + 2] = -1e30
  }
}
