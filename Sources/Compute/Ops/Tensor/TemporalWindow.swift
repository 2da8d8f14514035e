import CPUKernels

/// The frames around each frame, concatenated as channels; the edge frames of a movie are repeated.
///
/// Input: float32 [frames, height, width, channels]. Output: [frames, height, width, (2 radius + 1)
/// channels], the earliest frame first. Put per-frame computation before it: it then runs once per
/// frame.
package struct TemporalWindow: Op {
  package static let name = "temporal window"
  package let radius: Int
  /// Frames of a movie, if there are several; nil if all frames are one movie.
  package let length: Int?

  package init(radius: Int = 1, length: Int? = nil) {
    precondition(radius >= 0 && length ?? 1 > 0, "a radius is not negative, a movie has frames")
    self.radius = radius
    self.length = length
  }

  package var parameters: String { "±\(radius)" + (length.map { " of \($0)" } ?? "") }

  /// The frame that stands in place `step` of a frame's window, among `frames` of them.
  func frame(_ step: Int, from frame: Int, of frames: Int) -> Int {
    let length = length ?? frames
    let first = frame / length * length
    return min(max(frame + step, first), first + length - 1)
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].shape.count == 4, inputs[0].element == .float32 else {
      throw ShapeError(
        Self.name, "takes float32 frames [frames×height×width×channels], not \(inputs)")
    }
    try checkLength(inputs[0].shape[0], op: Self.name)
    return [
      TensorType(
        .float32, inputs[0].shape.dropLast() + [(2 * radius + 1) * inputs[0].channels])
    ]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let (values, channels) = (shape[1] * shape[2], shape[3])
    let result = (0..<shape[0]).flatMap { frame in
      (0..<values).flatMap { value in
        (-radius...radius).flatMap { step in
          let from = self.frame(step, from: frame, of: shape[0])
          let start = (from * values + value) * channels
          return inputs[0].values[start..<start + channels]
        }
      }
    }
    return [
      Reference(
        TensorType(.float32, shape.dropLast() + [(2 * radius + 1) * channels]), Array(result))
    ]
  }

  func checkLength(_ frames: Int, op: String) throws(ShapeError) {
    guard frames % (length ?? 1) == 0 else {
      throw ShapeError(op, "\(frames) frames are not movies of \(length ?? 1) frames")
    }
  }

  func kernelParameters(_ site: Site) -> glint_window_params {
    let shape = site.inputs[0].shape
    return glint_window_params(
      frames: Int32(shape[0]), values: Int32(shape[1] * shape[2]), channels: Int32(shape[3]),
      radius: Int32(radius), length: Int32(length ?? shape[0]))
  }

  private var operands: glint_temporal_window_operands {
    glint_temporal_window_operands(in: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("frames") { site in
      CPULaunch(
        glint_cpu_temporal_window, kernelParameters(site), operands,
        items: .fixed(site.inputs[0].shape[0]))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_temporal_window, operands, kernelParameters)]
  }

  package static var samples: [Sample] {
    [(1, 1, 3, nil), (4, 1, 1, nil), (3, 2, 17, nil), (6, 1, 5, 3), (4, 2, 1, 2)].map {
      frames, radius, channels, length in
      Sample(
        TemporalWindow(radius: radius, length: length),
        [.random([frames, 3, 5, channels], -9...9)], .exact,
        tiny: true)
    }
  }
}
