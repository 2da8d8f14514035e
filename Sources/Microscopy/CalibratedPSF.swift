/// A PSF from a calibration file.
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

  /// The valid z range, nm. Start values outside it are dropped.
  public var zRange: ClosedRange<Double> {
    get {
      switch self {
      case .astigmatic(let psf): psf.zRange
      case .spline(let psf): psf.zRange
      }
    }
    set {
      switch self {
      case .astigmatic(var psf):
        psf.zRange = newValue
        self = .astigmatic(psf)
      case .spline(var psf):
        psf.zRange = newValue
        psf.starts.removeAll { !newValue.contains($0) }
        self = .spline(psf)
      }
    }
  }

  /// The pixel size of the calibration, nm.
  public var pixelSize: Double? {
    switch self {
    case .astigmatic(let psf): psf.pixelSize
    case .spline(let psf): psf.pixelSize
    }
  }

  /// The reason why the calibration is invalid; nil if it is valid.
  public var problem: String? {
    switch self {
    case .astigmatic(let psf): psf.problem
    case .spline(let psf): psf.problem
    }
  }
}
