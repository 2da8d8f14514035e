import CPUKernels

/// An op on every spot of a list: a fit, or what fits are worth.
///
/// Its inputs begin with the spots, float32 [capacity, box²]; another is their number, int32 [1]; after
/// all others there may be a noise variance per pixel, as many as the spots have pixels. Rows past the
/// number are undefined. It has three outputs.
protocol SpotOp: NotDifferentiable {
  /// The input that is the number of spots.
  static var total: Int { get }
  /// The input that is the noise, where there is one; so many inputs there are without it.
  static var noise: Int { get }
}

extension SpotOp {
  /// Whether the number of spots is among `inputs`, and what follows the others is noise.
  static func takes(_ inputs: [TensorType]) -> Bool {
    (inputs.count == noise || inputs.count == noise + 1 && inputs[noise] == inputs[0])
      && inputs[total] == TensorType(.int32, 1)
  }

  /// Throws unless `spots` are boxes with a side of `box` pixels, and kernels can fit those.
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

  static func hasNoise(_ site: Site) -> Bool { site.inputs.count > noise }

  /// The table of noise, where there is one.
  static func noise(_ inputs: [Reference]) -> Reference? {
    inputs.count > noise ? inputs[noise] : nil
  }

  /// The operand of the noise.
  static func noise(_ site: Site) -> glint_maybe_in { hasNoise(site) ? .input(noise) : .none }

  /// As many items as there are spots.
  static func items(_ site: Site) -> Items {
    .counted(.input(total), limit: site.inputs[0].shape[0])
  }
}

/// An op on spots whose PSF is a spline. Both machines take columns of a box at once.
protocol SplineOp: SpotOp {
  var model: SplineModel { get }
  associatedtype Operands: BitwiseCopyable
  static var kernels: KernelPair<glint_spline_params, Operands> { get }
  static func operands(_ site: Site) -> Operands
  func kernelParameters(_ site: Site) -> glint_spline_params
}

extension SplineOp {
  public var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("columns") { site in
        .launches([
          CPULaunch(
            Self.kernels.cpu, kernelParameters(site), Self.operands(site),
            items: Self.items(site), grain: 128, scratch: model.scratch)
        ])
      }
    ]
  }

  public var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("group") { site in
        let (capacity, width) = (site.inputs[0].shape[0], model.groupWidth)
        return .launches([
          OpenCLLaunch(
            Self.kernels.openCL, defines: ["BOX": "\(model.box)", "WIDTH": "\(width)"],
            kernelParameters(site), Self.operands(site), items: capacity,
            global: [capacity * width], local: [width])
        ])
      }
    ]
  }
}
