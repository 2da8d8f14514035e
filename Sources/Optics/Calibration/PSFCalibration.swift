import Microscopy

/// A PSF measured from beads, with the measures of its quality.
public struct PSFCalibration: Sendable {
  public var spline: SplinePSF
  /// nil if no astigmatic curve fits the widths.
  public var astigmatic: AstigmaticPSF?
  public var beads: [Bead]
  /// Widths of the used beads in each plane.
  public var widths: [WidthSample]
  public var check: AxialCheck
  /// The same for the astigmatic PSF.
  public var astigmaticCheck: AxialCheck?
  /// Correlation of two splines, each made from one half of the beads, over the trusted range; nil
  /// for fewer than four beads.
  public var halvesCorrelation: Double?
  /// Light per pixel at the spline's edge divided by its mean per pixel, in each plane of knots:
  /// near 0 if the box contains the PSF, 1 if the PSF is larger than the box.
  public var edge: [(z: Double, part: Double)]
  /// Remarks for the user, most important first.
  public var notes: [String]
  /// Mean projections of the stacks, for pictures.
  public var projections: [(width: Int, height: Int, pixels: [Float])]

  public var used: Int { beads.count { $0.fault == nil } }
}
