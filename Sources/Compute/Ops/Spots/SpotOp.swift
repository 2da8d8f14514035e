import CPUKernels

/// An op on every spot of a list: a fit, or the assessment of fits.
///
/// The first input is the spots, float32 [capacity, box²]; another is their number, int32 [1]. After
/// all others there may be the flags of `GatherSpots`, int32 [capacity], and then a noise variance
/// per pixel, in the shape of the spots. Without flags no box is cut by the frame's edge; pixels
/// outside the frame are not fitted. Rows past the number are undefined. There are three outputs.
protocol SpotOp: NotDifferentiable {
  /// The index of the input that is the number of spots.
  static var total: Int { get }
  /// The number of inputs without flags and noise.
  static var required: Int { get }
}

extension SpotOp {
  /// Whether `inputs` include the number of spots, and those after the others are flags and noise.
  static func takes(_ inputs: [TensorType]) -> Bool {
    guard inputs.count >= required, inputs[total] == TensorType(.int32, 1) else { return false }
    let known = [flags(inputs), noise(inputs)].compactMap { $0 }
    return known == Array(required..<inputs.count)
      && noise(inputs).map { inputs[$0] == inputs[0] } ?? true
  }

  private static func flags(_ inputs: [TensorType]) -> Int? {
    guard inputs.count > required, let capacity = inputs[0].shape.first else { return nil }
    return inputs[required] == TensorType(.int32, capacity) ? required : nil
  }

  private static func noise(_ inputs: [TensorType]) -> Int? {
    let place = (flags(inputs) ?? required - 1) + 1
    return place < inputs.count ? place : nil
  }

  /// Throws unless `spots` are boxes with a side of `box` pixels that kernels support.
  static func check(_ spots: TensorType, box: Int) throws(ShapeError) {
    guard box >= 3, box <= GLINT_BOX_LIMIT, box % 2 == 1 else {
      throw ShapeError(
        name, "a box of \(box) pixels cannot be fitted",
        hint: "use an odd box from 3 to \(GLINT_BOX_LIMIT) pixels")
    }
    guard spots.element == .float32, spots.shape.count == 2, spots.shape[1] == box * box else {
      throw ShapeError(name, "takes float32 spots [capacity×\(box * box)], not \(spots)")
    }
  }

  static func hasFlags(_ site: Site) -> Bool { flags(site.inputs) != nil }
  static func hasNoise(_ site: Site) -> Bool { noise(site.inputs) != nil }

  /// The flags, if there are any.
  static func flags(_ inputs: [Reference]) -> Reference? {
    flags(inputs.map(\.type)).map { inputs[$0] }
  }

  /// The noise table, if there is one.
  static func noise(_ inputs: [Reference]) -> Reference? {
    noise(inputs.map(\.type)).map { inputs[$0] }
  }

  /// The operand of the flags.
  static func flags(_ site: Site) -> glint_maybe_in {
    flags(site.inputs).map { .input($0) } ?? .none
  }

  /// The operand of the noise.
  static func noise(_ site: Site) -> glint_maybe_in {
    noise(site.inputs).map { .input($0) } ?? .none
  }

  /// One item per spot.
  static func items(_ site: Site) -> Items {
    .counted(.input(total), limit: site.inputs[0].shape[0])
  }
}

/// An op on spots with a spline PSF. Kernels process whole columns of a box.
protocol SplineOp: SpotOp {
  var model: SplineModel { get }
  associatedtype Operands: BitwiseCopyable
  static var kernels: KernelPair<glint_spline_params, Operands> { get }
  static func operands(_ site: Site) -> Operands
  func kernelParameters(_ site: Site) -> glint_spline_params
}

extension SplineOp {
  package var cpu: [Candidate<CPULaunch>] {
    .only("columns") { site in
      CPULaunch(
        Self.kernels.cpu, kernelParameters(site), Self.operands(site),
        items: Self.items(site), grain: 128, scratch: model.scratch)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("group") { site in
      let (capacity, width) = (site.inputs[0].shape[0], model.groupWidth)
      return OpenCLLaunch(
        Self.kernels.openCL, defines: ["BOX": "\(model.box)", "WIDTH": "\(width)"],
        kernelParameters(site), Self.operands(site), items: capacity,
        global: [capacity * width], local: [width])
    }
  }
}
