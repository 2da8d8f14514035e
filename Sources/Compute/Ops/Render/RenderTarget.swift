import CPUKernels

/// The image that the rendering ops draw into, and the launches for each device.
///
/// Sums are 64-bit integers in units of 2⁻³², so an image does not depend on the order of its
/// localizations. A weight is clamped to ±2³⁰; a pixel's sum must stay below 2³¹.
struct RenderTarget: Hashable, Sendable {
  let height: Int
  let width: Int
  let maximumRadius: Int

  var type: TensorType { TensorType(.float32, height, width) }

  /// Checks that the inputs are lists of one length and a number of rows.
  func check(_ inputs: [TensorType], lists: Int, _ op: String) throws(ShapeError) {
    guard inputs.count == lists + 1, inputs[0].shape.count == 1,
      inputs[..<lists].allSatisfy({ $0 == TensorType(.float32, inputs[0].shape) }),
      inputs[lists] == TensorType(.int32, 1)
    else {
      throw ShapeError(op, "takes \(lists) lists float32 [rows] and their number, not \(inputs)")
    }
    let sides = 1...1 << 20
    guard sides.contains(height), sides.contains(width), height * width < 1 << 31 else {
      throw ShapeError(
        op, "an image of \(width)×\(height) pixels is out of range", hint: "use larger pixels")
    }
  }

  private func parameters(_ site: Site, band: Int = 0) -> glint_render_params {
    glint_render_params(
      height: Int32(height), width: Int32(width), capacity: Int32(site.inputs[0].count),
      max_radius: Int32(maximumRadius), band: Int32(band))
  }

  func cpu<Operands: BitwiseCopyable & Sendable>(
    _ kernel: @escaping CPUKernel<glint_render_params, Operands>, _ operands: Operands
  ) -> Candidate<CPULaunch> {
    Candidate("bands") { site in
      // Enough bands for many cores, and sums that fit a core's cache.
      let band = max(1, min((height + 63) / 64, 1 << 16 / width))
      let parameters = parameters(site, band: band)
      return .launches([
        CPULaunch(
          kernel, parameters, operands,
          items: .fixed((height + band - 1) / band), scratch: glint_render_scratch(parameters))
      ])
    }
  }

  /// `kernel` adds to the sums, workspace tensor 0.
  func openCL<Operands: BitwiseCopyable & Sendable>(
    _ kernel: @escaping OpenCLKernel<glint_render_params, Operands>, _ operands: Operands
  ) -> Candidate<OpenCLLaunch> {
    Candidate("atomics") { site in
      let pixels = height * width
      return .launches(
        [
          OpenCLLaunch(
            glint_opencl_render_clear, parameters(site), .init(sums: .workspace(0)),
            items: pixels),
          OpenCLLaunch(kernel, parameters(site), operands, items: site.inputs[0].count),
          OpenCLLaunch(
            glint_opencl_render_image, parameters(site),
            .init(sums: .workspace(0), image: .output(0)), items: pixels),
        ], workspace: [TensorType(.int32, height, width, 2)])
    }
  }
}
