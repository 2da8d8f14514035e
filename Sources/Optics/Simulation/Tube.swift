import Foundation

/// A smooth curve across the field, as points one pixel apart.
struct Tube: Sendable {
  private(set) var points: [Point]
  var length: Double { Double(points.count - 1) }

  /// Grows from any point of the field in both directions until it leaves it. `bend` is in pixels.
  ///
  /// The curvature wanders (an autoregressive sequence with standard deviation 1/bend that forgets over
  /// half a bend radius), so that curves turn gently and never kink.
  init(crossing field: Field, bend: Double, _ random: inout RandomStream) {
    let start = field.anywhere(&random)
    let heading = 2 * .pi * random.uniform()
    let memory = exp(-2 / bend)
    let curvature = random.normal() / bend
    // A tube that circles inside the field ends after crossing it four times.
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
    // Backwards the same circle turns the other way.
    let forward = grow(heading, curvature)
    points = grow(heading + .pi, -curvature).reversed() + [start] + forward
  }

  /// The point `along` the curve, moved `beside` it, both in pixels.
  func point(along: Double, beside: Double) -> Point {
    let index = min(Int(along), points.count - 2)
    let (a, b) = (points[index], points[index + 1])
    let part = along - Double(index)
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    return Point(x: a.x + part * dx - beside * dy, y: a.y + part * dy + beside * dx)
  }
}
