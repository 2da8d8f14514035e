import Foundation
import Reporting

/// A scene placed in a field of pixels, which gives the positions of molecules.
struct Layout: Sendable {
  private enum Structure {
    case everywhere
    case grid([Point], jitter: Double)
    case tubes([Tube], ends: [Double], radius: Double)
    case corners([Point], blur: Double)
  }
  private let structure: Structure
  private let field: Field

  /// After how many molecules positions repeat.
  var sites: Int {
    if case .grid(let points, _) = structure { points.count } else { 1 }
  }

  init(_ settings: SimulationSettings) throws(SettingsError) {
    let pixel = settings.pixelSize
    let field = Field(width: Double(settings.width), height: Double(settings.height))
    var random = RandomStream(seed: settings.seed, purpose: StreamPurpose.scene)
    switch settings.scene {
    case .uniform:
      structure = .everywhere
    case .grid(let spacing, let jitter):
      try demand(
        field.width * field.height * pixel * pixel / (spacing * spacing) <= 1e7,
        "scene.grid.spacing", "\(spacing) nm makes more than ten million points")
      let points = field.grid(spacing: spacing / pixel)
      try demand(!points.isEmpty, "scene.grid.spacing", "\(spacing) nm is wider than the field")
      structure = .grid(points, jitter: jitter / pixel)
    case .filaments(let count, let radius, let bend):
      let tubes = (0..<count).map { _ in Tube(crossing: field, bend: bend / pixel, &random) }
      var end = 0.0
      let ends = tubes.map { tube in
        end += tube.length
        return end
      }
      structure = .tubes(tubes, ends: ends, radius: radius / pixel)
    case .rings(let count, let radius, let corners, let blur):
      let points = (0..<count).flatMap { _ in
        field.anywhere(&random).polygon(radius: radius / pixel, corners: corners, &random)
      }
      structure = .corners(points, blur: blur / pixel)
    }
    self.field = field
  }

  /// The position of molecule `index`. Positions outside the field are drawn again; after many
  /// attempts (the structure hardly overlaps the field) they are moved to the field's edge.
  func position(_ index: Int, _ random: inout RandomStream) -> Point {
    var point = draw(index, &random)
    var attempts = 1
    while !field.contains(point), attempts < 1000 {
      point = draw(index, &random)
      attempts += 1
    }
    point.x = min(max(point.x, -0.5), (field.width - 0.5).nextDown)
    point.y = min(max(point.y, -0.5), (field.height - 0.5).nextDown)
    return point
  }

  private func draw(_ index: Int, _ random: inout RandomStream) -> Point {
    switch structure {
    case .everywhere:
      return field.anywhere(&random)
    case .grid(let points, let jitter):
      let site = points[index % points.count]
      return Point(
        x: site.x + jitter * (2 * random.uniform() - 1),
        y: site.y + jitter * (2 * random.uniform() - 1))
    case .tubes(let tubes, let ends, let radius):
      let along = random.uniform() * ends[ends.count - 1]
      let tube = ends.firstIndex { along < $0 } ?? ends.count - 1
      let start = tube == 0 ? 0 : ends[tube - 1]
      // The wall of a tube seen from above: the sine of a uniform angle from the axis.
      return tubes[tube].point(
        along: along - start, beside: radius * sin(2 * .pi * random.uniform()))
    case .corners(let points, let blur):
      let corner = points[Int(random.next(upperBound: UInt64(points.count)))]
      return Point(x: corner.x + blur * random.normal(), y: corner.y + blur * random.normal())
    }
  }
}
