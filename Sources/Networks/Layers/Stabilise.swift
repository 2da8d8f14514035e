import Compute

extension Layers {
  /// Photoelectrons in units of their noise, above the background, and how strong that noise is.
  ///
  /// The first channel is (√(x + v + ⅜) − √(b + v + ⅜)) / 4, an eighth of the transform of Anscombe
  /// (1948), whose noise is 1 at all brightnesses. The second is ln(b + v + ⅜) / 4. The background b
  /// and the variance v of the read noise belong to a movie, as the layer's tensors "level" and
  /// "variance" [1]: a run measures them.
  struct Stabilise: PixelwiseLayer {
    static let floor: Float = 0.375

    func channels(_ given: [Int]) -> Int { 2 }

    func parameters(_ given: Int) -> [Parameter] {
      [
        Parameter("level", [1], trained: false, measured: .level),
        Parameter("variance", [1], trained: false, measured: .variance),
      ]
    }

    var place: LayersInOrder.Place? { .init(.stabilise) }
    func multiplications(_ channels: Int, _ given: ImageSize?) -> Int { 0 }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      var (level, variance) = (site.learned[0], site.learned[1])
      if case .examples(let batch) = site.mode { (level, variance) = (batch.level, batch.variance) }
      let spread = try graph.apply(Binary(.add), level, variance)
      let light = try graph.apply(Binary(.add), site.input, variance)
      let root = Elementwise(.atLeast(0), .affine(scale: 1, shift: Self.floor), .sqrt)
      let above = try graph.apply(
        Binary(.subtract), graph.apply(root, light), graph.apply(root, spread))
      let noise = try graph.apply(
        Elementwise(
          .atLeast(0), .affine(scale: 1, shift: Self.floor), .log, .affine(scale: 0.25, shift: 0)),
        spread)
      let zeros = try graph.apply(Elementwise(.affine(scale: 0, shift: 0)), site.input)
      return try graph.apply(
        Compute.Concat(), graph.apply(Elementwise(.affine(scale: 0.25, shift: 0)), above),
        graph.apply(Binary(.add), zeros, noise))
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      let (level, variance) = (site.learned[0], site.learned[1])
      let zero = writer.initializer("\(site.name).zero", [], floats: [0])
      let floor = writer.initializer("\(site.name).floor", [], floats: [Self.floor])
      let quarter = writer.initializer("\(site.name).quarter", [], floats: [0.25])
      func positive(_ x: String) -> String {
        writer.node("Add", [writer.node("Max", [x, zero]), floor])
      }
      let spread = positive(writer.node("Add", [level, variance]))
      let light = positive(writer.node("Add", [site.input, variance]))
      let above = writer.node("Sub", [writer.node("Sqrt", [light]), writer.node("Sqrt", [spread])])
      let noise = writer.node("Mul", [writer.node("Log", [spread]), quarter])
      let plane = writer.node("Add", [writer.node("Mul", [site.input, zero]), noise])
      return writer.node(
        "Concat", [writer.node("Mul", [above, quarter]), plane], [("axis", .int(1))])
    }
  }
}
