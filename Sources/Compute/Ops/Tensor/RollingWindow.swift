import CPUKernels

/// The frames around each frame of a sequence that arrives in batches: a `TemporalWindow` that
/// keeps the last frames of the previous batch.
///
/// Inputs: float32 frames [n, height, width, channels], and history [2 radius, height, width,
/// channels], the frames before them. Outputs: [n, height, width, (2 radius + 1) channels], the
/// earliest frame first, each `radius` frames behind its input; and the history for the next batch.
/// As state of a plan (an input and output of one name), the history stays on the device and is
/// overwritten.
package struct RollingWindow: NotDifferentiable {
  package static let name = "rolling window"
  package static let obstacle = "it remembers the batch before; train with `TemporalWindow`"
  package let radius: Int

  package init(radius: Int = 1) {
    precondition(radius > 0, "a window has neighbours")
    self.radius = radius
  }

  package var parameters: String { "±\(radius)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.shape.count == 4 && $0.element == .float32 }),
      inputs[0].shape[0] > 0, inputs[1].shape == [2 * radius] + inputs[0].shape[1...]
    else {
      throw ShapeError(
        Self.name,
        "takes frames [n×height×width×channels] and the \(2 * radius) frames before them, not "
          + "\(inputs)")
    }
    return [
      TensorType(
        .float32, inputs[0].shape.dropLast() + [(2 * radius + 1) * inputs[0].channels]),
      inputs[1],
    ]
  }

  /// The history is updated in place.
  package var updates: [Int: Int] { [1: 1] }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let (pixels, channels) = (shape[1] * shape[2], shape[3])
    let all = inputs[1].values + inputs[0].values
    let windows = (0..<shape[0]).flatMap { frame in
      (0..<pixels).flatMap { pixel in
        (0...2 * radius).flatMap { step in
          let start = ((frame + step) * pixels + pixel) * channels
          return all[start..<start + channels]
        }
      }
    }
    return [
      Reference(
        TensorType(.float32, shape.dropLast() + [(2 * radius + 1) * channels]), Array(windows)),
      Reference(inputs[1].type, Array(all.suffix(inputs[1].values.count))),
    ]
  }

  private func kernelParameters(_ site: Site) -> glint_window_params {
    let shape = site.inputs[0].shape
    return glint_window_params(
      frames: Int32(shape[0]), values: Int32(shape[1] * shape[2]), channels: Int32(shape[3]),
      radius: Int32(radius), length: Int32(shape[0]))
  }

  private let reading = glint_rolling_window_operands(
    in: .input(0), history: .input(1), out: .output(0))
  private let moving = glint_rolling_history_operands(
    in: .input(0), history: .input(1), out: .output(1))

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("pixels") { site in
        let parameters = kernelParameters(site)
        return .launches([
          CPULaunch(
            glint_cpu_rolling_window, parameters, reading, items: .fixed(site.inputs[0].pixels),
            grain: 1024),
          CPULaunch(
            glint_cpu_rolling_history, parameters, moving, items: .fixed(Int(parameters.values)),
            grain: 1024),
        ])
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("item") { site in
        let parameters = kernelParameters(site)
        return .launches([
          OpenCLLaunch(
            glint_opencl_rolling_window, parameters, reading, items: site.outputs[0].count),
          OpenCLLaunch(
            glint_opencl_rolling_history, parameters, moving,
            items: Int(parameters.values * parameters.channels)),
        ])
      }
    ]
  }

  package static var samples: [Sample] {
    [(1, 1, 3), (4, 1, 1), (3, 2, 17)].map { frames, radius, channels in
      Sample(
        RollingWindow(radius: radius),
        [
          .random([frames, 3, 5, channels], -9...9, seed: 1),
          .random([2 * radius, 3, 5, channels], -9...9, seed: 2),
        ], .exact, tiny: true)
    }
  }
}
