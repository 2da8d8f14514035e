import Compute
import Microscopy

/// Adds fits with a PSF that depends on z, and their assessment, to a graph.
///
/// Example, for boxes of 13×13 px in counts whose variance is their mean:
/// ```swift
/// let fit = AxialFit(psf, box: 13)
/// let fitted = try fit.apply(to: &graph, spots: boxes, total: number)
/// graph.output("theta", fitted.theta)   // x, y, photons, background, z (nm), 0
/// ```
package struct AxialFit: Sendable {
  package let box: Int
  private let iterations: Int
  private let tolerance: Float
  private let form: Form

  private enum Form: Sendable {
    case astigmatic(SpotModel)
    /// A model for each start, with its table of start weights.
    case spline([(model: SplineModel, tables: Tensor)], grid: Tensor)
  }

  /// The tables of fits, one row per spot; see `FitSpots` and `AssessSpots`.
  package struct Tables: Sendable {
    package var theta: Graph.Value
    package var iterations: Graph.Value
    package var state: Graph.Value
    package var bound: Graph.Value
    package var deviance: Graph.Value
    package var chiSquare: Graph.Value

    fileprivate var all: [Graph.Value] { [theta, iterations, state, bound, deviance, chiSquare] }

    fileprivate init(_ all: [Graph.Value]) {
      (theta, iterations, state) = (all[0], all[1], all[2])
      (bound, deviance, chiSquare) = (all[3], all[4], all[5])
    }
  }

  /// - Parameters:
  ///   - psf: the PSF to fit.
  ///   - box: side of the fitted square, px, odd.
  ///   - noise: variance of Gaussian noise in the spots' unit squared; used without a noise map.
  ///   - iterations: the largest number of iterations.
  ///   - tolerance: see `FitSpots`.
  package init(
    _ psf: CalibratedPSF, box: Int, noise: Double = 0, iterations: Int = 50,
    tolerance: Double = 0.1
  ) {
    self.box = box
    self.iterations = iterations
    self.tolerance = Float(tolerance)
    switch psf {
    case .astigmatic(let psf):
      form = .astigmatic(SpotModel(Astigmatism(psf), box: box, noise: Float(noise)))
    case .spline(let psf):
      var model = SplineModel(psf, box: box, noise: Float(noise))
      let grid = model.grid(psf.coefficients)
      let starts = psf.starts.isEmpty ? [nil] : psf.starts.map { Float($0) }
      form = .spline(
        starts.map { start in
          model.start = start
          return (model, model.tables(grid: grid))
        }, grid: grid)
    }
  }

  /// Adds the fit of the first `total` spots to a graph.
  ///
  /// `spots` is float32 [capacity, box²], `noise` the same of variances, `total` int32 [1], `flags`
  /// int32 [capacity] those of `GatherSpots`.
  package func apply(
    to graph: inout Graph, spots: Graph.Value, total: Graph.Value, flags: Graph.Value? = nil,
    noise: Graph.Value? = nil
  ) throws -> Tables {
    let map = [flags, noise].compactMap { $0 }
    switch form {
    case .astigmatic(let model):
      let fitted = try graph.apply(
        FitSpots(model, iterations: iterations, tolerance: tolerance), to: [spots, total] + map)
      let worth = try graph.apply(AssessSpots(model), to: [spots, fitted[0], total] + map)
      return Tables(fitted + worth)
    case .spline(let starts, let grid):
      let grid = graph.constant(grid)
      var best: [Graph.Value] = []
      for (model, tables) in starts {
        let fitted = try graph.apply(
          FitSpline(model, iterations: iterations, tolerance: tolerance),
          to: [spots, total, grid, graph.constant(tables)] + map)
        let worth = try graph.apply(
          AssessSpline(model), to: [spots, fitted[0], total, grid] + map)
        let found = fitted + worth
        best = best.isEmpty ? found : try graph.apply(BetterFit(), to: [total] + best + found)
      }
      return Tables(best)
    }
  }
}

extension Astigmatism {
  /// The widths of a calibration in the form that fits use.
  package init(_ psf: AstigmaticPSF) {
    self.init(
      x: Curve(psf.x), y: Curve(psf.y), lowestZ: Float(psf.zRange.lowerBound),
      highestZ: Float(psf.zRange.upperBound))
  }
}

extension Astigmatism.Curve {
  init(_ curve: WidthCurve) {
    switch curve {
    case .defocus(let width, let focus, let depth, let terms):
      self.init(
        centre: Float(focus), scale: Float(depth), rooted: true,
        ([1, 0, 1] + terms).map { Float(width * width * $0) })
    case .polynomial(let coefficients):
      // In micrometres, so that no coefficient is too small for a float.
      var power = 1.0
      let scaled = coefficients.map { coefficient in
        defer { power *= 1000 }
        return Float(coefficient * power)
      }
      self.init(centre: 0, scale: 1000, rooted: false, scaled)
    }
  }
}

extension SplineModel {
  /// The model of a calibration for a box of pixels.
  package init(_ psf: SplinePSF, box: Int, noise: Float = 0) {
    self.init(
      box: box, columns: psf.columns, rows: psf.rows, planes: psf.planes,
      centreX: Float(psf.centreX), centreY: Float(psf.centreY), firstZ: Float(psf.firstZ),
      zStep: Float(psf.zStep), lowestZ: Float(psf.zRange.lowerBound),
      highestZ: Float(psf.zRange.upperBound), noise: noise)
  }
}
