import Microscopy

/// A PSF measured from beads, with everything that says how good it is.
public struct PSFCalibration: Sendable {
  public var spline: SplinePSF
  /// nil where the widths follow no astigmatic curve.
  public var astigmatic: AstigmaticPSF?
  public var beads: [Bead]
  /// Widths of the used beads in each plane.
  public var widths: [WidthSample]
  public var check: AxialCheck
  /// The same for the astigmatic PSF.
  public var astigmaticCheck: AxialCheck?
  /// Correlation of two splines made of one half of the beads each, over the trusted range; nil below
  /// four beads.
  public var halvesCorrelation: Double?
  /// Light of the spline at its edge, per pixel, as a part of its mean per pixel, in each plane of
  /// knots: near 0 where the box holds the PSF, 1 where it is lost in it.
  public var edge: [(z: Double, part: Double)]
  /// What a person should know, most important first.
  public var notes: [String]
  /// Mean projections of the stacks, for pictures.
  public var projections: [(width: Int, height: Int, pixels: [Float])]

  public var used: Int { beads.count { $0.fault == nil } }
}
