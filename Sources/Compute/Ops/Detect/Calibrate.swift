import CPUKernels

/// Converts digital numbers to photoelectrons: x = (D − offset) / gain, with scalars or pixel maps.
///
/// Inputs: frames uint16 or float32 [frames, height, width]; with maps also offset [height, width]
/// (ADU) and inverse gain [height, width] (electrons per ADU), float32. Output: float32 [frames,
/// height, width]. Negative values from read noise are kept; clipping them would bias the fit.
package struct Calibrate: NotDifferentiable {
  package static let name = "calibrate"
  package static let obstacle = "its frames are what a camera recorded"
  /// ADU; unused with maps.
  package let offset: Float
  /// Electrons per ADU; unused with maps.
  package let inverseGain: Float

  /// - Parameters:
  ///   - offset: value of a pixel without light, ADU.
  ///   - gain: ADU per electron, after any EM register.
  package init(offset: Float = 0, gain: Float = 1) {
    self.offset = offset
    self.inverseGain = 1 / gain
  }

  package var parameters: String { "−\(offset) ·\(inverseGain)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 || inputs.count == 3, inputs[0].shape.count == 3,
      inputs[0].element != .int32
    else {
      throw ShapeError(
        Self.name, "takes frames [frames×height×width] and optionally two maps, not \(inputs)")
    }
    let map = TensorType(.float32, Array(inputs[0].shape[1...]))
    guard inputs.dropFirst().allSatisfy({ $0 == map }) else {
      throw ShapeError(
        Self.name, "camera maps are \(inputs[1]), the frames need \(map)",
        hint: "crop the maps to the region that the camera recorded")
    }
    return [TensorType(.float32, inputs[0].shape)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let frame = inputs[0].type.shape[1] * inputs[0].type.shape[2]
    let values = inputs[0].values.enumerated().map { index, value in
      let electrons =
        inputs.count == 3
        ? PixelScale(
          offset: inputs[1].values[index % frame], perADU: inputs[2].values[index % frame])
        : PixelScale(offset: Double(offset), perADU: Double(inverseGain))
      return electrons(value)
    }
    return [Reference(TensorType(.float32, inputs[0].type.shape), values)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 2 * outputs[0].count, bytes: inputs[0].bytes + outputs[0].bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_calibrate_params {
    glint_calibrate_params(
      width: Int32(site.inputs[0].shape[2]), height: Int32(site.inputs[0].shape[1]),
      has_maps: site.inputs.count == 3 ? 1 : 0, offset: offset, inverse_gain: inverseGain)
  }

  private func operands(_ site: Site) -> glint_calibrate_operands {
    let maps = site.inputs.count == 3
    return glint_calibrate_operands(
      frames: .input(0), offsets: maps ? .input(1) : .none, gains: maps ? .input(2) : .none,
      out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("rows") { site in
      CPULaunch(
        site.inputs[0].element == .uint16 ? glint_cpu_calibrate_u16 : glint_cpu_calibrate_f32,
        kernelParameters(site), operands(site),
        items: .fixed(site.inputs[0].shape[0] * site.inputs[0].shape[1]), grain: 64)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      OpenCLLaunch(
        glint_opencl_calibrate,
        defines: ["PIXEL": site.inputs[0].element == .uint16 ? "ushort" : "float"],
        kernelParameters(site), operands(site), items: site.inputs[0].count)
    }
  }

  package static var samples: [Sample] {
    [[1, 1, 1], [2, 3, 17], [1, 13, 13], [3, 33, 65]].flatMap { shape in
      let tiny = shape.reduce(1, *) < 200
      let frames = Reference.random(shape, 0...65535, seed: 3, element: .uint16)
      let maps = [
        Reference.random(Array(shape[1...]), 90...110, seed: 4),
        Reference.random(Array(shape[1...]), 0.3...0.6, seed: 5),
      ]
      return [
        Sample(Calibrate(offset: 100.25, gain: 2.17), [frames], .roundings(2), tiny: tiny),
        Sample(Calibrate(), [frames] + maps, note: "maps", .roundings(2), tiny: tiny),
        Sample(
          Calibrate(offset: 99), [.random(shape, -50...4000, seed: 6)], note: "float",
          .roundings(2), tiny: tiny),
      ]
    }
  }
}
