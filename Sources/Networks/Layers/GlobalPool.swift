import Compute

extension Layers {
  /// Maximum or average of each channel over the whole image, which becomes one pixel.
  struct GlobalPool: UnlearnedLayer {
    var kind: Compute.Pool.Kind

    func channels(_ given: [Int]) -> Int { given[0] }
    func size(_ given: [ImageSize?]) -> ImageSize? { ImageSize(1, 1) }
    func reach(_ given: Reach) -> Reach { given.ofWholeFrame }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      let shape = graph.type(of: site.input).shape
      guard shape.count == 4 else {
        throw ShapeError("global pool", "takes an image, not a vector")
      }
      // A square window with the longer side; positions outside the image are ignored.
      let side = max(shape[1], shape[2])
      let beyond = Edges(top: 0, left: 0, bottom: side - shape[1], right: side - shape[2])
      return try graph.apply(
        Compute.Pool(kind, window: side, stride: 1, padding: beyond.zeros), site.input)
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node(kind == .max ? "GlobalMaxPool" : "GlobalAveragePool", site.inputs)
    }
  }
}
