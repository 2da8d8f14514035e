import Compute

extension Layers {
  /// Repeats each pixel `factor` × `factor` times, or interpolates between pixel centres.
  struct Upsample: UnlearnedLayer {
    var factor: Int
    var isBilinear: Bool

    func channels(_ given: [Int]) -> Int { given[0] }

    func size(_ given: [ImageSize?]) -> ImageSize? {
      given[0].map { ImageSize($0.height * factor, $0.width * factor) }
    }

    func reach(_ given: Reach) -> Reach { given.refined(factor, isBilinear: isBilinear) }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      try graph.apply(Compute.Upsample(isBilinear ? .bilinear : .nearest, by: factor), site.input)
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      let scales = writer.initializer(
        "\(site.name).scales", [4], floats: [1, 1, Float(factor), Float(factor)])
      return writer.node(
        "Resize", [site.input, "", scales],
        isBilinear
          ? [("mode", .text("linear")), ("coordinate_transformation_mode", .text("half_pixel"))]
          : [
            ("mode", .text("nearest")), ("nearest_mode", .text("floor")),
            ("coordinate_transformation_mode", .text("asymmetric")),
          ])
    }
  }
}
