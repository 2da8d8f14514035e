import Foundation

/// Fits a field to one bead: x, y, z, light and offset, by weighted least squares.
struct BeadRegistration {
  let field: BeadField
  let heights: [Double]
  /// Background of the bead's pixels, one value per plane. It was subtracted but still adds noise.
  let background: [Double]

  struct Result {
    var part: BeadField.Part
    /// The field's part of the bead's pixels, without the offset.
    var model: [Double]
    /// Derivatives of the model with respect to x and y.
    var slopeX: [Double]
    var slopeY: [Double]
  }

  /// Improves a part's position, light and offset.
  ///
  /// - Parameter coarse: first searches for the height, in steps of one and a half knots, over two
  ///   fifths of the stack in both directions.
  func fit(_ part: BeadField.Part, iterations: Int = 8, coarse: Bool = false) -> Result {
    var part = part
    if coarse { part = searched(part) }
    var result = evaluate(part)
    for _ in 0..<iterations {
      let slopeZ = field.samples(
        field.sampling(part.place, heights: heights, slope: .z)
      ).map { -part.amplitude * $0 / field.zStep }
      guard let step = solve(part, result, slopeZ), step.allSatisfy(\.isFinite) else { break }
      part.place.x += min(max(step[0], -0.5), 0.5)
      part.place.y += min(max(step[1], -0.5), 0.5)
      part.place.z += min(max(step[2], -field.zStep), field.zStep)
      part.amplitude += step[3]
      part.offset += step[4]
      part.planes = planes(at: part.place)
      result = evaluate(part)
      if abs(step[0]) + abs(step[1]) < 1e-3, abs(step[2]) < 1e-3 * field.zStep { break }
    }
    return result
  }

  /// Planes that are inside the field.
  func planes(at place: BeadField.Place) -> [Bool] {
    heights.map {
      let knot = ($0 - place.z) / field.zStep + Double(field.zero)
      return knot >= 1 && knot <= Double(field.axial - 2)
    }
  }

  private func searched(_ part: BeadField.Part) -> BeadField.Part {
    let span = (heights.last! - heights.first!) / 2
    let reach = Int(0.8 * span / (1.5 * field.zStep))
    var best = (cost: Double.infinity, part: part)
    for step in -reach...reach {
      var tried = part
      tried.place.z += Double(step) * 1.5 * field.zStep
      tried.planes = planes(at: tried.place)
      let model = field.samples(field.sampling(tried.place, heights: heights))
      let size = field.side * field.side
      var (mm, md, dd) = (0.0, 0.0, 0.0)
      for k in heights.indices where tried.planes[k] {
        for i in k * size..<(k + 1) * size {
          let value = part.pixels[i] - part.offset
          mm += model[i] * model[i]
          md += model[i] * value
          dd += value * value
        }
      }
      guard mm > 0, md > 0, dd > 0 else { continue }
      tried.amplitude = md / mm
      let cost = 1 - md * md / (mm * dd)
      if cost < best.cost { best = (cost, tried) }
    }
    return best.part
  }

  private func evaluate(_ part: BeadField.Part) -> Result {
    func samples(_ slope: BeadField.Axis?) -> [Double] {
      field.samples(field.sampling(part.place, heights: heights, slope: slope))
    }
    return Result(
      part: part, model: samples(nil).map { part.amplitude * $0 },
      slopeX: samples(.x).map { -part.amplitude * $0 },
      slopeY: samples(.y).map { -part.amplitude * $0 })
  }

  /// One Gauss–Newton step, with pixels weighted by the inverse of their expected variance.
  private func solve(
    _ part: BeadField.Part, _ result: Result, _ slopeZ: [Double]
  ) -> [Double]? {
    let size = field.side * field.side
    let floor = max(1e-3 * (result.model.max() ?? 0), 1e-9)
    let scale = 1 / part.amplitude
    return part.pixels.withUnsafeBufferPointer { pixels in
      result.model.withUnsafeBufferPointer { model in
        NormalEquations(order: 5, count: pixels.count) { i, gradient in
          let k = i / size
          guard part.planes[k] else { return nil }
          gradient[0] = result.slopeX[i]
          gradient[1] = result.slopeY[i]
          gradient[2] = slopeZ[i]
          gradient[3] = model[i] * scale
          gradient[4] = 1
          return (
            1 / max(model[i] + part.offset + background[k], floor),
            pixels[i] - part.offset - model[i]
          )
        }.step()
      }
    }
  }
}
