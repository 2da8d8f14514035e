/// Converts tables of tricubic coefficients between the orders of other programs and Glint's
/// [planes, rows, columns, 64] with 16 pz + 4 py + px.
struct SplineLayout {
  var columns: Int
  var rows: Int
  var planes: Int
  /// The coefficients in Glint's order.
  var coefficients: [Float]

  var cells: Int { columns * rows * planes }

  /// Reverses the planes, for files whose z decreases with the plane.
  func planesReversed() -> SplineLayout {
    var result = self
    let plane = rows * columns * 64
    for k in 0..<planes {
      result.coefficients.replaceSubrange(
        k * plane..<(k + 1) * plane,
        with: coefficients[(planes - 1 - k) * plane..<(planes - k) * plane])
    }
    result.turnPowers(stride: 16)
    return result
  }

  /// Reverses the columns, for calibrations made from mirrored images.
  func columnsReversed() -> SplineLayout {
    var result = self
    for row in 0..<planes * rows {
      for i in 0..<columns {
        let (from, to) = ((row * columns + columns - 1 - i) * 64, (row * columns + i) * 64)
        for term in 0..<64 { result.coefficients[to + term] = coefficients[from + term] }
      }
    }
    result.turnPowers(stride: 1)
    return result
  }

  /// Replaces δ by 1 − δ in every cell: c'(p) = (−1)^p Σ_q C(q, p) c(q).
  private mutating func turnPowers(stride: Int) {
    let cells = self.cells
    coefficients.withUnsafeMutableBufferPointer { all in
      for cell in 0..<cells {
        for other in 0..<16 {
          let first = cell * 64 + (stride == 16 ? other : other * 4)
          let c = (0..<4).map { Double(all[first + $0 * stride]) }
          all[first] = Float(c[0] + c[1] + c[2] + c[3])
          all[first + stride] = Float(-(c[1] + 2 * c[2] + 3 * c[3]))
          all[first + 2 * stride] = Float(c[2] + 3 * c[3])
          all[first + 3 * stride] = Float(-c[3])
        }
      }
    }
  }

  /// From SMAP's order: [64, planes, columns, rows] with the last index fastest (MATLAB's
  /// rows × columns × planes × 64), where term 16 a + 4 b + c multiplies δz^a δx^b δy^c.
  init(smap values: [Double], rows: Int, columns: Int, planes: Int) {
    self.init(columns: columns, rows: rows, planes: planes, coefficients: [])
    let cells = self.cells
    coefficients = [Float](unsafeUninitializedCapacity: cells * 64) { result, filled in
      for k in 0..<planes {
        for j in 0..<rows {
          for i in 0..<columns {
            let cell = (k * rows + j) * columns + i
            let place = (k * columns + i) * rows + j
            for pz in 0..<4 {
              for py in 0..<4 {
                for px in 0..<4 {
                  result[cell * 64 + 16 * pz + 4 * py + px] = Float(
                    values[(16 * pz + 4 * px + py) * cells + place])
                }
              }
            }
          }
        }
      }
      filled = cells * 64
    }
  }

  /// From SMAPpy's order: [64, planes, rows, columns], the terms as Glint's.
  init(termsFirst values: [Double], columns: Int, rows: Int, planes: Int) {
    self.init(columns: columns, rows: rows, planes: planes, coefficients: [])
    let cells = self.cells
    coefficients = [Float](unsafeUninitializedCapacity: cells * 64) { result, filled in
      for cell in 0..<cells {
        for term in 0..<64 { result[cell * 64 + term] = Float(values[term * cells + cell]) }
      }
      filled = cells * 64
    }
  }

  init(columns: Int, rows: Int, planes: Int, coefficients: [Float]) {
    self.columns = columns
    self.rows = rows
    self.planes = planes
    self.coefficients = coefficients
  }

  /// SMAPpy's order.
  var termsFirst: [Float] {
    let cells = self.cells
    return [Float](unsafeUninitializedCapacity: cells * 64) { result, filled in
      for cell in 0..<cells {
        for term in 0..<64 { result[term * cells + cell] = coefficients[cell * 64 + term] }
      }
      filled = cells * 64
    }
  }
}
