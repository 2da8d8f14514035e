import CPUKernels

/// A model of a spot with a tricubic spline PSF, fitted by maximum likelihood: x, y, photons,
/// background, z (nm).
///
/// The spline gives a share of the photons per pixel; see `grid` for its coefficients. A molecule
/// in the middle of the box's central pixel is at (`centreX`, `centreY`) of the spline's knots.
package struct SplineModel: Hashable, Sendable {
  /// Side of the box, pixels, odd, 3 to 31.
  package var box: Int
  /// Cells of the grid; there is one knot more.
  package var columns: Int
  package var rows: Int
  package var planes: Int
  package var centreX: Float
  package var centreY: Float
  /// z of the first plane of knots, and the distance between planes, nm.
  package var firstZ: Float
  package var zStep: Float
  /// Fits stay in this range, nm.
  package var lowestZ: Float
  package var highestZ: Float
  /// Start value of z; nil for the height whose image is most similar to the spot.
  package var start: Float?
  /// Variance of Gaussian noise in the spots' unit squared; used without a noise map.
  package var noise: Float

  package init(
    box: Int, columns: Int, rows: Int, planes: Int, centreX: Float, centreY: Float, firstZ: Float,
    zStep: Float, lowestZ: Float, highestZ: Float, start: Float? = nil, noise: Float = 0
  ) {
    self.box = box
    self.columns = columns
    self.rows = rows
    self.planes = planes
    self.centreX = centreX
    self.centreY = centreY
    self.firstZ = firstZ
    self.zStep = zStep
    self.lowestZ = lowestZ
    self.highestZ = highestZ
    self.start = start
    self.noise = noise
  }

  /// How far the fitted position may be from the box's centre, px, so that no pixel leaves the
  /// grid.
  var reach: Float {
    let half = Float(box / 2)
    return min(
      Float(box) / 2, min(centreX, centreY) - half,
      min(Float(columns) - centreX, Float(rows) - centreY) - half)
  }

  var heights: [Float] {
    start.map { [$0] }
      ?? evenHeights(lowestZ, highestZ, apart: 125, limit: Int(GLINT_SPLINE_STARTS))
  }

  /// The length of a row of the tables, padded to whole vectors.
  var tableWidth: Int { (box + 15) / 16 * 16 }
  var tableShape: [Int] { [heights.count, Int(GLINT_SPLINE_TABLES), box, tableWidth] }
  /// Floats past the last coefficient that a vector load may touch.
  private static let slack = 32
  var gridCount: Int { planes * rows * columns * 64 + Self.slack }
  /// Work-items per work-group.
  var groupWidth: Int { box <= 16 ? 16 : 32 }

  var label: String {
    "\(columns)×\(rows)×\(planes) box \(box) z \(lowestZ)…\(highestZ) of \(firstZ) + \(zStep) k"
      + (start.map { " from \($0)" } ?? "") + " noise \(noise)"
  }

  /// The coefficients in the layout of the fits.
  ///
  /// `coefficients` is [planes, rows, columns, 64]: 16 pz + 4 py + px multiplies δz^pz δy^py δx^px.
  package func grid(_ coefficients: [Float]) -> Tensor {
    precondition(coefficients.count == planes * rows * columns * 64, "64 coefficients a cell")
    var values = [Float](repeating: 0, count: gridCount)
    for line in 0..<planes * rows {
      for column in 0..<columns {
        for term in 0..<64 {
          values[(line * 64 + term) * columns + column] =
            coefficients[(line * columns + column) * 64 + term]
        }
      }
    }
    return Tensor(values, shape: [gridCount])
  }

  /// Weights that give start values, for each height: the similarity of the image, and a linear fit
  /// of photons, background, photons · x and photons · y. Each is a weighted sum over the pixels.
  package func tables(grid: Tensor) -> Tensor {
    let image = SplineImage(model: self, grid: grid.values)
    let (width, n) = (tableWidth, box * box)
    var values: [Float] = []
    for height in heights {
      let shares = image.shares(x: 0, y: 0, z: Double(height))
      let mean = shares.reduce(0) { $0 + $1.value } / Double(n)
      let norm = shares.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) }.squareRoot()
      var tables = [shares.map { norm > 0 ? ($0.value - mean) / norm : 0 }]
      let design = shares.map { [$0.value, 1, $0.byX, $0.byY] }
      var normal = Array(repeating: [Double](repeating: 0, count: 4), count: 4)
      for row in design {
        for i in 0..<4 { for j in 0..<4 { normal[i][j] += row[i] * row[j] } }
      }
      let inverse = SpotReference.inverse(normal)
      for i in 0..<4 {
        tables.append(
          design.map { row in inverse.map { zip($0[i], row).reduce(0) { $0 + $1.0 * $1.1 } } ?? 0 })
      }
      for table in tables {
        for row in 0..<box {
          values += (0..<width).map { $0 < box ? Float(table[row * box + $0]) : 0 }
        }
      }
    }
    return Tensor(values, shape: tableShape)
  }

  func kernelParameters(
    capacity: Int, flags: Bool, noiseMap: Bool, iterations: Int = 0, tolerance: Float = 0
  ) -> glint_spline_params {
    var p = glint_spline_params()
    p.fit.box = Int32(box)
    p.fit.capacity = Int32(capacity)
    p.fit.has_flags = flags ? 1 : 0
    p.fit.has_noise_map = noiseMap ? 1 : 0
    p.fit.noise_variance = noise
    p.fit.max_iterations = Int32(iterations)
    p.fit.tolerance = tolerance
    p.fit.reach = reach
    p.fit.setHeights(lowestZ, highestZ, heights)
    p.grid = kernelGrid
    p.width = Int32(tableWidth)
    return p
  }

  var kernelGrid: glint_spline_grid {
    glint_spline_grid(
      columns: Int32(columns), rows: Int32(rows), planes: Int32(planes), centre_x: centreX,
      centre_y: centreY, first_z: firstZ, inverse_step: 1 / zStep)
  }

  /// Bytes of scratch on the CPU: counts and variances of the spots in the lanes.
  var scratch: Int { 2 * 16 * box * tableWidth * 4 }

  /// Throws unless the grid fits the model and the kernels support both.
  func check(_ op: String, grid: TensorType) throws(ShapeError) {
    guard reach >= 1 else {
      throw ShapeError(
        op, "a box of \(box) px is too large for a PSF of \(columns)×\(rows) px",
        hint: "use a smaller box, or a PSF that is at least 2 px wider than the box")
    }
    guard grid == TensorType(.float32, gridCount) else {
      throw ShapeError(op, "takes a grid of \(gridCount) float32, not \(grid)")
    }
    guard planes >= 1, zStep > 0, zStep.isFinite, firstZ.isFinite, lowestZ < highestZ,
      lowestZ >= firstZ - zStep * 1e-3, highestZ <= firstZ + zStep * (Float(planes) + 1e-3),
      noise >= 0, noise.isFinite, start.map({ $0 >= lowestZ && $0 <= highestZ }) ?? true
    else {
      throw ShapeError(
        op,
        "z from \(lowestZ) to \(highestZ) nm with noise variance \(noise) cannot be fitted by \(label)",
        hint: "z must stay inside the PSF's planes, and the noise variance must not be negative")
    }
  }
}
