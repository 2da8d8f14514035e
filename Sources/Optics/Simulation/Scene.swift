import Foundation
import Reporting

/// Positions of molecules. Lengths are in nm, so that a scene does not depend on the camera.
public enum Scene: Codable, Hashable, Sendable {
  /// Anywhere in the field.
  case uniform
  /// On the points of a square grid, each shifted at random by up to ± `jitter` along x and y.
  ///
  /// Molecule i is at point i, counted along rows; each molecule has its own shift.
  case grid(spacing: Double, jitter: Double)
  /// On the walls of slightly curved tubes that cross the field; `bend` is a typical radius of
  /// curvature.
  case filaments(count: Int, radius: Double, bend: Double)
  /// At the corners of regular polygons at random positions, like nuclear pores; `blur` is the
  /// standard deviation of a molecule around its corner.
  case rings(count: Int, radius: Double, corners: Int, blur: Double)

  /// The name of a scene.
  public enum Kind: String, SettingChoice { case uniform, grid, filaments, rings }

  public static let kind = Setting(
    .scene, standard: Kind.uniform, "arrangement of the molecules")

  /// A scene with usual sizes.
  ///
  /// - Parameters:
  ///   - kind: the arrangement of the molecules.
  ///   - pixelSize: pixel of the camera, nm.
  ///   - extent: the shorter side of the field, nm.
  public init(_ kind: Kind, pixelSize: Double, extent: Double) {
    self =
      switch kind {
      case .uniform: .uniform
      case .grid: .grid(spacing: 10 * pixelSize, jitter: pixelSize / 2)
      case .filaments: .filaments(count: 12, radius: 12, bend: max(2 * extent, 3000))
      case .rings: .rings(count: 40, radius: 55, corners: 8, blur: 5)
      }
  }

  func check() throws(SettingsError) {
    switch self {
    case .uniform: break
    case .grid(let spacing, let jitter):
      try demand(
        spacing >= 1 && spacing <= 1e7, "scene.grid.spacing", "\(spacing) nm is not in 1...1e7")
      try demand(
        jitter >= 0 && jitter <= spacing, "scene.grid.jitter",
        "\(jitter) nm is not between 0 and the spacing")
    case .filaments(let count, let radius, let bend):
      try demand(1...10_000 ~= count, "scene.filaments.count", "\(count) is not in 1...10000")
      try demand(
        radius >= 0 && radius <= 1e5, "scene.filaments.radius", "\(radius) nm is not in 0...1e5")
      try demand(
        bend >= 100 && bend.isFinite, "scene.filaments.bend", "\(bend) nm must be at least 100",
        hint: "the radius of curvature of microtubules in cells is several thousand nm")
    case .rings(let count, let radius, let corners, let blur):
      try demand(1...1_000_000 ~= count, "scene.rings.count", "\(count) is not in 1...1000000")
      try demand(
        radius >= 0 && radius <= 1e5, "scene.rings.radius", "\(radius) nm is not in 0...1e5")
      try demand(1...1000 ~= corners, "scene.rings.corners", "\(corners) is not in 1...1000")
      try demand(blur >= 0 && blur <= 1e5, "scene.rings.blur", "\(blur) nm is not in 0...1e5")
    }
  }
}
