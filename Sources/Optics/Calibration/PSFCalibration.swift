import Microscopy

/// A PSF measured from beads, with the measures of its quality.
package struct PSFCalibration: Sendable {
  /// Where a PSF's light is at a height.
  package struct Light: Codable, Hashable, Sendable {
    package var z: Double
    /// The part of the light that lies in the box.
    package var box: Double
    /// Light per pixel at the box's edge divided by its mean per pixel: near 0 if the box contains
    /// the PSF, 1 if the PSF is larger than the box.
    package var edge: Double
  }

  /// The settings, with the box that was used.
  package var settings: PSFCalibrationSettings
  package var spline: SplinePSF
  /// nil if no astigmatic curve fits the widths.
  package var astigmatic: AstigmaticPSF?
  package var beads: [Bead]
  /// Widths of the used beads in each plane.
  package var widths: [WidthSample]
  package var check: AxialCheck
  /// The same for the astigmatic PSF.
  package var astigmaticCheck: AxialCheck?
  /// Correlation of two splines, each made from one half of the beads, over the trusted range; nil
  /// for fewer than four beads.
  package var halvesCorrelation: Double?
  /// By height, for each plane of the spline's knots.
  package var light: [Light]
  /// Remarks for the user, most important first.
  package var notes: [String]
  /// Mean projections of the stacks, for pictures.
  package var projections: [(width: Int, height: Int, pixels: [Float])]

  package var used: Int { beads.count { $0.fault == nil } }
}
