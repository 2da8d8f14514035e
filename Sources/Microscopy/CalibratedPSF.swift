/// A PSF as a calibration file holds it.
public enum CalibratedPSF: Hashable, Sendable {
  case astigmatic(AstigmaticPSF)
  case spline(SplinePSF)

  public var axial: AxialConvention {
    get {
      switch self {
      case .astigmatic(let psf): psf.axial
      case .spline(let psf): psf.axial
      }
    }
    set {
      switch self {
      case .astigmatic(var psf):
        psf.axial = newValue
        self = .astigmatic(psf)
      case .spline(var psf):
        psf.axial = newValue
        self = .spline(psf)
      }
    }
  }

  /// Where it can be trusted, nm.
  public var zRange: ClosedRange<Double> {
    switch self {
    case .astigmatic(let psf): psf.zRange
    case .spline(let psf): psf.zRange
    }
  }

  /// Camera pixel that it was calibrated for, nm.
  public var pixelSize: Double? {
    switch self {
    case .astigmatic(let psf): psf.pixelSize
    case .spline(let psf): psf.pixelSize
    }
  }

  /// What makes the calibration impossible, or nil where it can be used.
  public var problem: String? {
    switch self {
    case .astigmatic(let psf): psf.problem
    case .spline(let psf): psf.problem
    }
  }
}
