import CPUKernels
import Foundation

/// The expected light of emitters with Gaussian images, integrated over pixels.
///
/// Inputs: photons [movies, emitters, frames of a movie], 0 for an emitter that is off; place
/// [movies, emitters, 2] (x, y in px; the first pixel's centre is 0); width [movies, emitters, 2]
/// (σ along x and y, px). Output: photons per pixel [movies · frames, height, width, 1]. Light
/// further from the emitter's pixel than `window` widths is left out, and further than `reach` px.
package struct DrawEmitters: NotDifferentiable {
  package static let name = "draw emitters"
  package static let obstacle = "simulated frames are data"
  package let height: Int
  package let width: Int
  package let reach: Int
  package let window: Float

  package init(height: Int, width: Int, reach: Int = 15, window: Float = 5) {
    precondition(height > 0 && width > 0 && reach > 0, "a frame and a window have pixels")
    self.height = height
    self.width = width
    self.reach = reach
    self.window = window
  }

  package var parameters: String { "\(height)×\(width), ±\(window) σ" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 3 else {
      throw ShapeError(Self.name, "takes photons, places and widths, not \(inputs)")
    }
    let movies = try EmitterMovies(
      inputs[0], [(inputs[1], 2), (inputs[2], 2)], op: Self.name)
    return [TensorType(.float32, movies.frames, height, width, 1)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let movies = EmitterMovies(inputs[0].type)
    let type = TensorType(.float32, movies.frames, height, width, 1)
    var light = [Double](repeating: 0, count: type.count)
    for frame in 0..<movies.frames {
      for (emitter, entry) in movies.shining(in: frame, inputs[0].values) {
        let row = shares(inputs, emitter, axis: 1, height)
        let column = shares(inputs, emitter, axis: 0, width)
        for (y, down) in row {
          for (x, across) in column {
            light[(frame * height + y) * width + x] += inputs[0].values[entry] * down * across
          }
        }
      }
    }
    return [Reference(type, light)]
  }

  /// The pixels along an axis that get light, and their shares.
  private func shares(
    _ inputs: [Reference], _ emitter: Int, axis: Int, _ length: Int
  ) -> [(Int, Double)] {
    let (at, sigma) = (
      inputs[1].values[2 * emitter + axis], inputs[2].values[2 * emitter + axis]
    )
    guard at > -1000, at < Double(length + 1000) else { return [] }
    let wide = Double(window) * sigma
    let reach = wide < Double(self.reach) ? Int(wide) + 1 : self.reach
    let centre = Int((at + 1000.5).rounded(.down)) - 1000
    return (centre - reach...centre + reach).filter { (0..<length).contains($0) }.map { pixel in
      func below(_ edge: Double) -> Double { 0.5 * erf((edge - at) / sigma / 2.0.squareRoot()) }
      return (pixel, below(Double(pixel) + 0.5) - below(Double(pixel) - 0.5))
    }
  }

  private func kernelParameters(_ site: Site) -> glint_draw_params {
    glint_draw_params(
      frames: EmitterMovies(site.inputs[0]).kernelFrames(height: height, width: width),
      reach: Int32(reach), window: window)
  }

  private func operands(_ space: glint_maybe_out) -> glint_draw_emitters_operands {
    glint_draw_emitters_operands(
      photons: .input(0), place: .input(1), width: .input(2), out: .output(0), space: space)
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("frames") { site in
      let p = kernelParameters(site)
      return CPULaunch(
        glint_cpu_draw_emitters, p, operands(.none), items: .fixed(site.outputs[0].shape[0]),
        scratch: 4 * Int(glint_draw_space(p)))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .lanes(
      glint_opencl_draw_emitters, { _ in operands(.workspace(0)) },
      items: { $0.outputs[0].shape[0] }, floats: glint_draw_space, kernelParameters)
  }

  package static var samples: [Sample] {
    [(1, 1, 1, 5, 7, 2.0), (2, 9, 3, 19, 23, 40), (1, 3, 2, 40, 40, 40)].map {
      movies, emitters, length, height, width, span in
      let shape = [movies, emitters, length]
      // A third of the table is off; places lie up to 3 px outside.
      return Sample(
        DrawEmitters(height: height, width: width),
        [
          .random(shape, -50...100, seed: 1), .random([movies, emitters, 2], -3...span, seed: 2),
          .random([movies, emitters, 2], 0.7...2.5, seed: 3),
        ], .absolute(2e-6 * Double(emitters)), tiny: height < 10)
    }
  }
}
