import Compute

extension Draws {
  /// What a camera makes of light: effective counts, in the shape of the light.
  ///
  /// - Parameters:
  ///   - light: expected photons per pixel, [frames, height, width, 1].
  ///   - readVariance: of the read noise, photoelectrons², [frames, 1, 1, 1], or of each pixel.
  ///   - multiplied: 1 for a frame of a camera with electron multiplication, else 0, [frames, 1, 1, 1];
  ///     nil if there is none.
  mutating func recorded(
    _ light: Graph.Value, _ readVariance: Graph.Value, _ multiplied: Graph.Value?,
    in graph: inout Graph
  ) throws -> Graph.Value {
    var electrons: Graph.Value
    if let multiplied {
      // The register's excess noise is that of half as many photons, with a gamma number for each
      // pixel (Basden 2003).
      let factor = try graph.apply(Elementwise(.affine(scale: 1, shift: 1)), multiplied)
      electrons = try poisson(graph.apply(Binary(.multiply), light, factor), in: &graph)
      electrons = try graph.apply(
        Binary(.divide),
        graph.either(multiplied, gamma(electrons, in: &graph), electrons), factor)
    } else {
      electrons = try poisson(light, in: &graph)
    }
    let noise = try normal(graph.type(of: light).shape, in: &graph)
    return try graph.apply(
      Binary(.add), electrons,
      graph.apply(Binary(.multiply), graph.apply(Elementwise(.sqrt), readVariance), noise))
  }
}

extension Graph {
  /// `a` where the mask is 1, `b` where it is 0.
  mutating func either(_ mask: Value, _ a: Value, _ b: Value) throws -> Value {
    let difference = try apply(Binary(.subtract), a, b)
    return try apply(Binary(.add), b, apply(Binary(.multiply), mask, difference))
  }
}
