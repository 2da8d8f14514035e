import Compute

extension Layers {
  /// In training, sets a fraction `rate` of the values to zero at random; no effect in inference.
  struct Dropout: PixelwiseLayer, UnlearnedLayer {
    var rate: Float

    func channels(_ given: [Int]) -> Int { given[0] }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      guard case .examples(let batch) = site.mode, batch.learns, rate > 0 else { return site.input }
      let shape = graph.type(of: site.input).shape
      let numbers = RandomNumbers(.uniform(shape), stream: UInt32(1 << 16 + site.index))
      let bound = graph.constant(Tensor([rate], shape: shape.map { _ in 1 }))
      let kept = try graph.apply(Binary(.atMost), bound, graph.apply(numbers, batch.clock))
      let scale = Elementwise(.affine(scale: 1 / (1 - rate), shift: 0))
      return try graph.apply(Binary(.multiply), graph.apply(scale, site.input), kept)
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      let ratio = writer.initializer("\(site.name).ratio", [], floats: [rate])
      return writer.node("Dropout", [site.input, ratio])
    }
  }
}
