import Foundation

/// A smooth curve across the field, as points one pixel apart.
struct Tube: Sendable {
  private(set) var points: [Point]
  var length: Double { Double(points.count - 1) }

  /// Grows from a point of the field in both directions until it leaves the field. `bend` is in
  /// pixels.
  ///
  /// The curvature varies slowly (an autoregressive sequence with standard deviation 1/bend and a
  /// memory of half a bend radius), so that curves have no kinks.
  init(crossing field: Field, bend: Double, _ random: inout RandomStream) {
    let start = field.anywhere(&random)
    let heading = 2 * .pi * random.uniform()
    let memory = exp(-2 / bend)
    let curvature = random.normal() / bend
    // A tube that circles inside the field ends after a length of four times the field.
    let limit = Int(2 * (field.width + field.height))
    func grow(_ heading: Double, _ curvature: Double) -> [Point] {
      var (point, heading, curvature) = (start, heading, curvature)
      var points: [Point] = []
      while points.count < limit, field.contains(point) {
        point.x += cos(heading)
        point.y += sin(heading)
        points.append(point)
        heading += curvature
        curvature = memory * curvature + (1 - memory * memory).squareRoot() * random.normal() / bend
      }
      return points
    }
    // In the other direction the same curvature has the opposite sign.
    let forward = grow(heading, curvature)
    points = grow(heading + .pi, -curvature).reversed() + [start] + forward
  }

  /// The point `along` the curve, shifted sideways by `beside`, both in pixels.
  func point(along: Double, beside: Double) -> Point {
    let index = min(Int(along), points.count - 2)
    let (a, b) = (points[index], points[index + 1])
    let part = along - Double(index)
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    return Point(x: a.x + part * dx - beside * dy, y: a.y + part * dy + beside * dx)
  }
}
