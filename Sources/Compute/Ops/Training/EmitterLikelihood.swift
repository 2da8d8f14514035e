import CPUKernels
import Foundation

/// The log-likelihood of each emitter under the mixture that a network's results describe (DECODE,
/// Speiser et al. 2021, its localization loss without the division by the sum of probabilities).
///
/// Inputs: results [movies · frames, height, width, 10], whose channels are p, the means of photons
/// and three coordinates, the sigmas of the same, and one that is not used; photons [movies,
/// emitters, frames], 0 for an emitter that is off; place [movies, emitters, 3]. Output: for each
/// emitter and frame
///
/// ln Σₖ pₖ Π_d N(target_d; mean_dk, σ_dk)
///
/// over the frame's pixels k, and 0 for one that is off. The means of two coordinates are relative
/// to the pixel, px: the first of them is that of x, or with `downFirst` that of y.
package struct EmitterLikelihood: Op {
  package static let name = "emitter likelihood"
  package let downFirst: Bool

  package init(downFirst: Bool = false) { self.downFirst = downFirst }

  package var parameters: String { downFirst ? "y, x" : "x, y" }

  /// Photons and places are targets.
  package var data: Set<Int> { [1, 2] }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try Self.check(inputs, op: Self.name)
    return [inputs[1]]
  }

  fileprivate static func check(_ inputs: [TensorType], op: String) throws(ShapeError) {
    guard inputs.count >= 3 else {
      throw ShapeError(op, "takes results, photons and places, not \(inputs)")
    }
    let movies = try EmitterMovies(inputs[1], [(inputs[2], 3)], op: op)
    guard inputs[0].shape.count == 4, inputs[0].element == .float32,
      inputs[0].shape[0] == movies.frames, inputs[0].channels == Int(GLINT_EMITTER_CHANNELS)
    else {
      throw ShapeError(
        op, "takes results [\(movies.frames)×height×width×\(GLINT_EMITTER_CHANNELS)], not \(inputs)"
      )
    }
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    var result = [Double](repeating: 0, count: inputs[1].values.count)
    let movies = EmitterMovies(inputs[1].type)
    for frame in 0..<movies.frames {
      for (emitter, entry) in movies.shining(in: frame, inputs[1].values) {
        let terms = terms(inputs, frame, emitter, entry).map(\.value)
        let most = terms.max()!
        result[entry] = most + log(terms.reduce(0) { $0 + exp($1 - most) })
      }
    }
    return [Reference(inputs[1].type, result)]
  }

  /// The term of each pixel for an emitter, and (target − mean) / σ of each dimension.
  fileprivate func terms(
    _ inputs: [Reference], _ frame: Int, _ emitter: Int, _ entry: Int
  ) -> [(value: Double, distances: [Double])] {
    let (height, width) = (inputs[0].type.shape[1], inputs[0].type.shape[2])
    let target = [inputs[1].values[entry]] + inputs[2].values[3 * emitter..<3 * emitter + 3]
    return (0..<height * width).map { pixel in
      let start = (frame * height * width + pixel) * Int(GLINT_EMITTER_CHANNELS)
      let result = Array(inputs[0].values[start..<start + 9])
      let (row, column) = (Double(pixel / width), Double(pixel % width))
      let offset = downFirst ? [0, row, column, 0] : [0, column, row, 0]
      var value = log(result[0]) - 2 * log(2 * Double.pi)
      var distances: [Double] = []
      for d in 0..<4 {
        let sigma = result[5 + d]
        let distance: Double = (target[d] - result[1 + d] - offset[d]) / sigma
        value -= distance * distance / 2 + log(sigma)
        distances.append(distance)
      }
      return (value, distances)
    }
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    let movies = EmitterMovies(inputs[1])
    return Work(
      flops: 25 * inputs[0].shape[1] * inputs[0].shape[2] * movies.frames * movies.emitters,
      bytes: (inputs + outputs).bytes)
  }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let part = try graph.apply(
      EmitterLikelihoodGradient(of: self), to: inputs + [outputs[0], given[0]!])[0]
    return [part, nil, nil]
  }

  fileprivate func kernelParameters(_ site: Site) -> glint_likelihood_params {
    let shape = site.inputs[0].shape
    return glint_likelihood_params(
      frames: EmitterMovies(site.inputs[1]).kernelFrames(height: shape[1], width: shape[2]),
      down_first: downFirst ? 1 : 0)
  }

  private func operands(_ space: glint_maybe_out) -> glint_emitter_likelihood_operands {
    glint_emitter_likelihood_operands(
      results: .input(0), photons: .input(1), place: .input(2), likelihood: .output(0),
      space: space)
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("frames") { site in
      let p = kernelParameters(site)
      return CPULaunch(
        glint_cpu_emitter_likelihood, p, operands(.none), items: .fixed(site.inputs[0].shape[0]),
        scratch: 4 * Int(glint_likelihood_space(p)))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .lanes(
      glint_opencl_emitter_likelihood, { _ in operands(.workspace(0)) },
      items: { $0.inputs[0].shape[0] }, floats: glint_likelihood_space, kernelParameters)
  }

  package static var samples: [Sample] {
    cases.map { op, inputs in
      Sample(op, inputs, .absolute(2e-5), tiny: inputs[0].values.count < 1000)
    }
  }

  /// Emitters in and near the frame, a third of them off.
  fileprivate static var cases: [(op: EmitterLikelihood, inputs: [Reference])] {
    [(1, 1, 1, 3, 5), (2, 5, 3, 6, 17), (1, 7, 2, 13, 16)].map {
      movies, emitters, length, height, width in
      let pixels = [movies * length, height, width]
      func channels(_ range: ClosedRange<Double>, _ count: Int, _ seed: UInt64) -> Reference {
        .random(pixels + [count], range, seed: seed)
      }
      let parts = [
        channels(0.01...0.9, 1, 1), channels(-0.9...0.9, 4, 2), channels(0.3...2, 4, 3),
        channels(0...1, 1, 4),
      ]
      let count = pixels.reduce(1, *)
      let values = (0..<count).flatMap { pixel in
        parts.flatMap { part in
          let width = part.type.channels
          return part.values[pixel * width..<(pixel + 1) * width]
        }
      }
      let results = Reference(TensorType(.float32, pixels + [10]), values)
      return (
        EmitterLikelihood(downFirst: movies == 2),
        [
          results, .random([movies, emitters, length], -0.3...0.7, seed: 5),
          .random([movies, emitters, 3], -1...Double(min(height, width)), seed: 6),
        ]
      )
    }
  }
}

/// The gradient of `EmitterLikelihood` with respect to the results.
///
/// Inputs: those of the op, its output, and the gradient of its output. With rₖ the share of an
/// emitter that pixel k explains: Σ r / p for the probability, Σ r u / σ for a mean and Σ r (u² −
/// 1) / σ for its sigma, where u = (target − mean) / σ.
package struct EmitterLikelihoodGradient: FirstOrder {
  package static let name = "emitter likelihood gradient"
  let forward: EmitterLikelihood

  package init(of forward: EmitterLikelihood) { self.forward = forward }

  package var parameters: String { forward.parameters }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try EmitterLikelihood.check(inputs, op: Self.name)
    guard inputs.count == 5, inputs[3] == inputs[1], inputs[4] == inputs[1] else {
      throw ShapeError(
        Self.name, "takes results, photons, places, likelihoods and their gradient, not \(inputs)")
    }
    return [inputs[0]]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let type = inputs[0].type
    let pixels = type.shape[1] * type.shape[2]
    var result = [Double](repeating: 0, count: type.count)
    let movies = EmitterMovies(inputs[1].type)
    for frame in 0..<movies.frames {
      for (emitter, entry) in movies.shining(in: frame, inputs[1].values) {
        for (pixel, term) in forward.terms(inputs, frame, emitter, entry).enumerated() {
          let at = (frame * pixels + pixel) * 10
          let share = exp(term.value - inputs[3].values[entry]) * inputs[4].values[entry]
          result[at] += share / inputs[0].values[at]
          for (d, u) in term.distances.enumerated() {
            result[at + 1 + d] += share * u / inputs[0].values[at + 5 + d]
            result[at + 5 + d] += share * (u * u - 1) / inputs[0].values[at + 5 + d]
          }
        }
      }
    }
    return [Reference(type, result)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    let forward = forward.work(inputs, outputs)
    return Work(flops: 2 * forward.flops, bytes: (inputs + outputs).bytes)
  }

  private func operands(_ space: glint_maybe_out) -> glint_likelihood_gradient_operands {
    glint_likelihood_gradient_operands(
      results: .input(0), photons: .input(1), place: .input(2), likelihood: .input(3),
      given: .input(4), out: .output(0), space: space)
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("frames") { site in
      let p = forward.kernelParameters(site)
      return CPULaunch(
        glint_cpu_likelihood_gradient, p, operands(.none), items: .fixed(site.inputs[0].shape[0]),
        scratch: 4 * Int(glint_likelihood_gradient_space(p)))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .lanes(
      glint_opencl_likelihood_gradient, { _ in operands(.workspace(0)) },
      items: { $0.inputs[0].shape[0] }, floats: glint_likelihood_gradient_space,
      forward.kernelParameters)
  }

  package static var samples: [Sample] {
    EmitterLikelihood.cases.map { op, inputs in
      Sample(
        EmitterLikelihoodGradient(of: op),
        inputs + [op.reference(inputs)[0], .random(inputs[1].type.shape, -1...1, seed: 7)],
        .absolute(2e-4), tiny: inputs[0].values.count < 1000)
    }
  }
}
