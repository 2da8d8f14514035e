import CPUKernels
import Foundation

/// The expected light of emitters with a spline PSF.
///
/// Inputs: photons [movies, emitters, frames of a movie], 0 for an emitter that is off; place
/// [movies, emitters, 3] (x and y in px, the first pixel's centre is 0; z in nm); the coefficients as
/// `SplineModel.grid` gives them. Output: photons per pixel [movies · frames, height, width, 1].
///
/// The light of a pixel is that of the cell that it lies in: all pixels of an emitter are at the same
/// place in their cells. Off the grid there is none, nor where the spline is below zero; above and
/// below it the outermost cells go on.
package struct DrawSplines: NotDifferentiable {
  package static let name = "draw splines"
  package static let obstacle = DrawEmitters.obstacle
  package let height: Int
  package let width: Int
  /// Its box, and what else belongs to fits, have no meaning here.
  package let spline: SplineModel

  package init(height: Int, width: Int, spline: SplineModel) {
    precondition(height > 0 && width > 0, "a frame has pixels")
    self.height = height
    self.width = width
    self.spline = spline
  }

  package var parameters: String {
    "\(height)×\(width), \(spline.columns)×\(spline.rows)×\(spline.planes) cells"
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 3, inputs[2] == TensorType(.float32, spline.gridCount) else {
      throw ShapeError(
        Self.name, "takes photons, places and \(spline.gridCount) coefficients, not \(inputs)")
    }
    let movies = try EmitterMovies(inputs[0], [(inputs[1], 3)], op: Self.name)
    return [TensorType(.float32, movies.frames, height, width, 1)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let movies = EmitterMovies(inputs[0].type)
    let type = TensorType(.float32, movies.frames, height, width, 1)
    var light = [Double](repeating: 0, count: type.count)
    for frame in 0..<movies.frames {
      for (emitter, entry) in movies.shining(in: frame, inputs[0].values) {
        let place = inputs[1].values[3 * emitter..<3 * emitter + 3]
        for (pixel, share) in shares(Array(place), inputs[2].values) {
          light[frame * height * width + pixel] += inputs[0].values[entry] * share
        }
      }
    }
    return [Reference(type, light)]
  }

  /// The pixels of a frame that get light, and their shares.
  private func shares(_ place: [Double], _ grid: [Double]) -> [(pixel: Int, share: Double)] {
    guard place.allSatisfy({ abs($0) < 9000 }) else { return [] }
    let across = Double(spline.centreX) - place[0]
    let down = Double(spline.centreY) - place[1]
    let up = (place[2] - Double(spline.firstZ)) / Double(spline.zStep)
    let plane = min(max(Int(up.rounded(.down)), 0), spline.planes - 1)
    let (left, top) = (Int(across.rounded(.down)), Int(down.rounded(.down)))
    func powers(_ t: Double) -> [Double] { [1, t, t * t, t * t * t] }
    let (x, y) = (powers(across - Double(left)), powers(down - Double(top)))
    let z = powers(up - Double(plane))
    var shares: [(Int, Double)] = []
    for row in max(top, 0)..<max(top, min(spline.rows, top + height), 0) {
      for column in max(left, 0)..<max(left, min(spline.columns, left + width), 0) {
        let share = (0..<64).reduce(0.0) { sum, term in
          let line = ((plane * spline.rows + row) * 64 + term) * spline.columns
          return sum + grid[line + column] * x[term % 4] * y[term / 4 % 4] * z[term / 16]
        }
        shares.append(((row - top) * width + column - left, max(share, 0)))
      }
    }
    return shares
  }

  private func kernelParameters(_ site: Site) -> glint_draw_splines_params {
    glint_draw_splines_params(
      frames: EmitterMovies(site.inputs[0]).kernelFrames(height: height, width: width),
      grid: spline.kernelGrid)
  }

  private func operands(_ space: glint_maybe_out) -> glint_draw_splines_operands {
    glint_draw_splines_operands(
      photons: .input(0), place: .input(1), grid: .input(2), out: .output(0), space: space)
  }

  private func lines(_ site: Site) -> Int { site.inputs[0].shape[0] * height }

  package var cpu: [Candidate<CPULaunch>] {
    .only("lines") { site in
      let p = kernelParameters(site)
      return CPULaunch(
        glint_cpu_draw_splines, p, operands(.none), items: .fixed(lines(site)),
        scratch: 4 * Int(glint_draw_splines_space(p)))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .lanes(
      glint_opencl_draw_splines, { _ in operands(.workspace(0)) }, items: lines,
      floats: glint_draw_splines_space, kernelParameters)
  }

  package static var samples: [Sample] {
    [
      sample([1, 1, 1], height: 5, width: 7, columns: 4, rows: 6),
      sample([2, 9, 3], height: 19, width: 23, columns: 13, rows: 12),
      sample([1, 3, 2], height: 40, width: 40, columns: 17, rows: 18),
      sample([2, 4, 2], height: 9, width: 8, columns: 21, rows: 20),
    ]
  }

  /// A third of the table is off; places lie up to 3 px outside the frame, some heights outside the
  /// grid.
  private static func sample(
    _ shape: [Int], height: Int, width: Int, columns: Int, rows: Int
  ) -> Sample {
    let centre = (x: Float(columns) / 2 + 0.3, y: Float(rows) / 2 - 0.2)
    let spline = SplineModel(
      box: 3, columns: columns, rows: rows, planes: 8, centreX: centre.x, centreY: centre.y,
      firstZ: -400, zStep: 100, lowestZ: -350, highestZ: 350)
    let grid = spline.grid(SplineSamples.coefficients(spline))
    let emitters = shape[0] * shape[1]
    let end = Double(max(height, width)) + 2
    let place = Reference.random([emitters, 2], -3...end, seed: 2).values
    let z = Reference.random([emitters], -430...430, seed: 3).values
    var places: [Double] = []
    for (emitter, z) in z.enumerated() { places += place[2 * emitter..<2 * emitter + 2] + [z] }
    return Sample(
      DrawSplines(height: height, width: width, spline: spline),
      [
        .random(shape, -50...100, seed: 1),
        Reference(TensorType(.float32, shape[0], shape[1], 3), places),
        Reference(grid.type, grid.values),
      ], .absolute(2e-5 * Double(shape[1])), tiny: height < 10)
  }
}
