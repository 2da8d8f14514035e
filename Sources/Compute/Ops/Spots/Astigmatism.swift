import CPUKernels

/// The widths of a Gaussian spot as functions of z, in the form that fits use; z in nm, widths in
/// px.
package struct Astigmatism: Hashable, Codable, Sendable {
  /// A polynomial of (z − centre)/scale, lowest power first, of σ or of its square.
  package struct Curve: Hashable, Codable, Sendable {
    package var centre: Float
    package var scale: Float
    /// Whether the polynomial is σ², so that σ is its square root.
    package var rooted: Bool
    /// At most seven.
    package var coefficients: [Float]

    package init(centre: Float, scale: Float, rooted: Bool, _ coefficients: [Float]) {
      self.centre = centre
      self.scale = scale
      self.rooted = rooted
      self.coefficients = coefficients
    }

    /// σ and dσ/dz at z, in Double.
    func width(at z: Double) -> (sigma: Double, slope: Double) {
      let x = (z - Double(centre)) / Double(scale)
      var (value, slope) = (0.0, 0.0)
      for coefficient in coefficients.reversed() {
        slope = slope * x + value
        value = value * x + Double(coefficient)
      }
      slope /= Double(scale)
      guard rooted else { return (value, slope) }
      let root = value.squareRoot()
      return (root, slope / (2 * root))
    }

    var kernelCurve: glint_width_curve {
      var curve = glint_width_curve()
      curve.centre = centre
      curve.inverse_scale = 1 / scale
      curve.rooted = rooted ? 1 : 0
      withUnsafeMutableBytes(of: &curve.coefficients) { bytes in
        coefficients.prefix(7).withUnsafeBytes { bytes.copyMemory(from: $0) }
      }
      return curve
    }
  }

  package var x: Curve
  package var y: Curve
  /// Fits stay in this range, nm.
  package var lowestZ: Float
  package var highestZ: Float

  package init(x: Curve, y: Curve, lowestZ: Float, highestZ: Float) {
    self.x = x
    self.y = y
    self.lowestZ = lowestZ
    self.highestZ = highestZ
  }

  /// Candidates for the start value of z; the spot's shape decides between them.
  var heights: [Float] {
    evenHeights(lowestZ, highestZ, apart: 100, limit: Int(GLINT_ASTIGMATIC_STARTS))
  }

  var label: String { "astigmatic \(lowestZ)…\(highestZ) nm" }

  /// Throws if a width is below 0.3 px or above the box's side anywhere in the range of z.
  func check(_ op: String, box: Int) throws(ShapeError) {
    guard lowestZ.isFinite, highestZ.isFinite, lowestZ < highestZ,
      x.coefficients.count <= 7, y.coefficients.count <= 7
    else { throw ShapeError(op, "z cannot be fitted from \(lowestZ) to \(highestZ) nm") }
    for step in 0...100 {
      let z = Double(lowestZ) + Double(highestZ - lowestZ) * Double(step) / 100
      for width in [x.width(at: z).sigma, y.width(at: z).sigma]
      where !(width >= 0.3 && width <= Double(box)) {
        throw ShapeError(
          op, "a width of \(width) px at z = \(z) nm cannot be fitted in a box of \(box) px",
          hint: "use a larger box or a smaller range of z")
      }
    }
  }
}

/// At most `limit` heights about `apart` nm from each other, each in the middle of an equal part of
/// the range.
func evenHeights(_ low: Float, _ high: Float, apart: Float, limit: Int) -> [Float] {
  let count = min(max(Int((high - low) / apart), 2), limit)
  let step = (high - low) / Float(count)
  return (0..<count).map { low + (Float($0) + 0.5) * step }
}

extension glint_fit_params {
  /// Sets the range of z, and evenly spaced heights as start values.
  mutating func setHeights(_ low: Float, _ high: Float, _ heights: [Float]) {
    lowest_z = low
    highest_z = high
    step_z = (high - low) / 5
    starts = Int32(heights.count)
    start_z = heights[0]
    start_step = heights.count > 1 ? heights[1] - heights[0] : 0
  }
}
