import Compute

extension Layers {
  /// Every output depends on every value of an image of `size`, or of a vector if that is nil:
  /// weight [out, in], with inputs in the order channel, row, column; bias [out].
  struct Dense: Layer {
    var outputs: Int
    var size: ImageSize?
    var bias: Bool

    func channels(_ given: [Int]) -> Int { outputs }
    func size(_ given: [ImageSize?]) -> ImageSize? { nil }
    func reach(_ given: Reach) -> Reach { given.ofWholeFrame }

    func parameters(_ given: Int) -> [Parameter] {
      let (height, width) = (size?.height ?? 1, size?.width ?? 1)
      let values = given * height * width
      // In the graph, values are in the order row, column, channel.
      let weight = Parameter(
        "weight", [outputs, values],
        Arrangement(
          parts: [outputs, given, height, width], order: [2, 3, 1, 0], joined: [values, outputs]))
      return [weight] + (bias ? [Parameter("bias", [outputs])] : [])
    }

    var place: LayersInOrder.Place? { .init(.dense) }

    func multiplications(_ channels: Int, _ given: ImageSize?) -> Int {
      channels * (size?.count ?? 1) * outputs
    }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      try graph.apply(Compute.Dense(bias: bias), to: site.inputs + site.learned)[0]
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      let flat = writer.node("Flatten", [site.input], [("axis", .int(1))])
      return writer.node("Gemm", [flat] + site.learned, [("transB", .int(1))])
    }
  }
}
