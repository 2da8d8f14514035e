/// The light of a bead as a smooth function of position: a tricubic B-spline with one knot per
/// pixel along x and y and one per `zStep` nm along z; the bead is at the origin.
///
/// The field is not averaged from shifted images. It is the spline whose samples at every bead's
/// sub-pixel position fit that bead's pixels best (least squares). This avoids blurring by shifts,
/// and planes between two knots along z smooth each other.
struct BeadField: Sendable {
  /// Side of the beads' crops, odd.
  let side: Int
  /// Knots along x and along y.
  let lateral: Int
  let zStep: Double
  /// Index of the knot at z = 0, and number of knots.
  let zero: Int
  let axial: Int
  /// [axial, lateral, lateral], x fastest.
  var coefficients: [Double]

  /// Covers z from `lowest` to `highest`, nm.
  init(side: Int, zStep: Double, lowest: Double, highest: Double) {
    self.side = side
    self.zStep = zStep
    lateral = side + 4
    zero = Int((-lowest / zStep).rounded(.up)) + 1
    axial = zero + Int((highest / zStep).rounded(.up)) + 2
    coefficients = [Double](repeating: 0, count: axial * lateral * lateral)
  }

  /// A bead's position: (x, y) px from the crop's middle and z nm from the middle plane.
  struct Place: Hashable, Sendable {
    var x = 0.0
    var y = 0.0
    var z = 0.0
  }

  enum Axis { case x, y, z }

  /// The three matrices that sample the field at a bead's pixels.
  struct Sampling {
    var z: BandMatrix
    var y: BandMatrix
    var x: BandMatrix
  }

  /// - Parameters:
  ///   - heights: z of the planes, nm.
  ///   - slope: the axis along which to take the derivative with respect to the position in knots.
  func sampling(_ place: Place, heights: [Double], slope: Axis? = nil) -> Sampling {
    let middle = Double(lateral - 1) / 2
    let pixels = (0..<side).map { Double($0) - Double(side - 1) / 2 + middle }
    return Sampling(
      z: BandMatrix(
        splineAt: heights.map { ($0 - place.z) / zStep + Double(zero) }, knots: axial,
        slope == .z ? .slope : .value),
      y: BandMatrix(
        splineAt: pixels.map { $0 - place.y }, knots: lateral, slope == .y ? .slope : .value),
      x: BandMatrix(
        splineAt: pixels.map { $0 - place.x }, knots: lateral, slope == .x ? .slope : .value))
  }

  /// The field at a bead's pixels, [planes, side, side].
  func samples(_ sampling: Sampling) -> [Double] {
    Self.apply(sampling.z, sampling.y, sampling.x, to: coefficients)
  }

  static func apply(
    _ z: BandMatrix, _ y: BandMatrix, _ x: BandMatrix, to values: [Double]
  ) -> [Double] {
    let alongX = x.apply(to: values, outer: z.columns * y.columns, inner: 1)
    let alongY = y.apply(to: alongX, outer: z.columns, inner: x.rows)
    return z.apply(to: alongY, outer: 1, inner: y.rows * x.rows)
  }

  /// One bead's contribution to the field: its pixels above the background, its position and light.
  struct Part {
    var pixels: [Double]
    var place: Place
    var amplitude: Double
    var offset: Double
    /// Which planes are used.
    var planes: [Bool]
  }

  /// Solves for the coefficients by conjugate gradients on the normal equations
  /// Σ a² AᵀA c = Σ a Aᵀ (d − b), where A is the product of three band matrices.
  mutating func solve(_ parts: [Part], heights: [Double], iterations: Int = 25) {
    struct Term {
      var z: BandMatrix
      var y: BandMatrix
      var x: BandMatrix
      var weight: Double
    }
    var right = [Double](repeating: 0, count: coefficients.count)
    var terms: [Term] = []
    // A small regularisation fixes the knots that no pixel reaches.
    var stiffness = 0.0
    for part in parts {
      let sampling = sampling(part.place, heights: heights)
      let z = sampling.z.masked(part.planes)
      let back = Self.apply(
        z.transposed, sampling.y.transposed, sampling.x.transposed,
        to: part.pixels.map { $0 - part.offset })
      for i in right.indices { right[i] += part.amplitude * back[i] }
      let weight = part.amplitude * part.amplitude
      terms.append(Term(z: z.gram, y: sampling.y.gram, x: sampling.x.gram, weight: weight))
      stiffness += 1e-5 * weight * Double(heights.count) / Double(axial)
    }
    func product(_ c: [Double]) -> [Double] {
      var sum = c.map { stiffness * $0 }
      for term in terms {
        let part = Self.apply(term.z, term.y, term.x, to: c)
        for i in sum.indices { sum[i] += term.weight * part[i] }
      }
      return sum
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double {
      var sum = 0.0
      for i in a.indices { sum += a[i] * b[i] }
      return sum
    }
    var residual = product(coefficients)
    for i in right.indices { residual[i] = right[i] - residual[i] }
    var direction = residual
    var square = dot(residual, residual)
    let goal = 1e-12 * dot(right, right)
    for _ in 0..<iterations where square > goal {
      let image = product(direction)
      let step = square / dot(direction, image)
      for i in coefficients.indices {
        coefficients[i] += step * direction[i]
        residual[i] -= step * image[i]
      }
      let next = dot(residual, residual)
      let turn = next / square
      for i in direction.indices { direction[i] = residual[i] + turn * direction[i] }
      square = next
    }
  }
}
