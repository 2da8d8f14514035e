import Foundation

/// Seeded spots for the samples of the ops that fit a spline PSF.
enum SplineSamples {
  struct Case {
    let model: SplineModel
    let spots: Reference
    let total: Reference
    let grid: Reference
    let tables: Reference
    /// Flags and a noise map, if the case has them.
    let optional: [Reference]
    /// The true parameters.
    let truth: Reference
    let note: String
    /// Share of results that must agree with the reference; less than 1 if some spots have no
    /// optimum.
    let share: Double
    let tiny: Bool
  }

  static var cases: [Case] {
    func model(_ box: Int, _ columns: Int, _ rows: Int, noise: Float = 0) -> SplineModel {
      SplineModel(
        box: box, columns: columns, rows: rows, planes: 8, centreX: Float(columns) / 2 + 0.3,
        centreY: Float(rows) / 2 - 0.2, firstZ: -400, zStep: 100, lowestZ: -350, highestZ: 350,
        noise: noise)
    }
    var started = model(13, 17, 16)
    started.start = 0
    return [
      make(model(7, 12, 11), capacity: 3, total: 3, tiny: true),
      make(model(13, 17, 19, noise: 2), capacity: 20, total: 19),
      make(model(9, 13, 14), capacity: 11, total: 20, map: true, note: "full"),
      make(model(17, 22, 21), capacity: 9, total: 9, note: "wide"),
      make(model(17, 22, 21), capacity: 9, total: 9, cut: true, note: "cut", tiny: true),
      make(model(9, 13, 14), capacity: 11, total: 11, map: true, cut: true, note: "cut"),
      make(model(5, 9, 9), capacity: 3, total: 0, note: "none"),
      make(started, capacity: 5, total: 5, note: "one start"),
      make(model(9, 13, 14), capacity: 24, total: 24, strange: true, note: "strange"),
    ]
  }

  private static func make(
    _ model: SplineModel, capacity: Int, total: Int, map: Bool = false, strange: Bool = false,
    cut: Bool = false, note: String = "", tiny: Bool = false
  ) -> Case {
    let grid = model.grid(coefficients(model))
    let tables = model.tables(grid: grid)
    let drawn = DrawnSpots(
      SplineImage(model: model, grid: grid.values), capacity: capacity, map: map, strange: strange,
      cut: cut, seed: 402
    ) { random in
      [
        random(-0.5...0.5), random(-0.5...0.5), random(2000...5000), random(4...12),
        random(-250...250), 0,
      ]
    }
    return Case(
      model: model, spots: drawn.spots,
      total: Reference(TensorType(.int32, 1), [Double(total)]),
      grid: Reference(grid.type, grid.values), tables: Reference(tables.type, tables.values),
      optional: (cut ? [drawn.flags] : []) + (map ? [drawn.noise] : []), truth: drawn.truth,
      note: note,
      share: strange ? 0.6 : 0.99, tiny: tiny)
  }

  /// Cells through samples of an astigmatic spot, with slopes from central differences.
  static func coefficients(_ model: SplineModel) -> [Float] {
    func sample(_ i: Int, _ j: Int, _ k: Int) -> Double {
      let z = (Double(model.firstZ) + Double(k) * Double(model.zStep)) / 400
      let (sx, sy) = (1.15 + 0.5 * (z + 0.5) * (z + 0.5), 1.15 + 0.45 * (z - 0.5) * (z - 0.5))
      let (x, y) = (Double(i) - Double(model.centreX), Double(j) - Double(model.centreY))
      return exp(-x * x / (2 * sx * sx) - y * y / (2 * sy * sy)) / (2 * .pi * sx * sy)
    }
    // Row p: the coefficient of t^p from the samples at −1, 0, 1, 2.
    let basis = [
      [0, 1, 0, 0], [-0.5, 0, 0.5, 0], [1, -2.5, 2, -0.5], [-0.5, 1.5, -1.5, 0.5],
    ]
    return (0..<model.planes * model.rows * model.columns).flatMap { cell in
      let (i, j) = (cell % model.columns, cell / model.columns % model.rows)
      let k = cell / model.columns / model.rows
      let samples = (0..<64).map { sample(i - 1 + $0 % 4, j - 1 + $0 / 4 % 4, k - 1 + $0 / 16) }
      return (0..<64).map { term in
        Float(
          samples.indices.reduce(0) { sum, s in
            sum + samples[s] * basis[term % 4][s % 4] * basis[term / 4 % 4][s / 4 % 4]
              * basis[term / 16][s / 16]
          })
      }
    }
  }
}
