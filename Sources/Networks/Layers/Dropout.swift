import Compute

extension Layers {
  /// In training, sets a fraction `rate` of the values to zero at random; no effect in inference.
  struct Dropout: PixelwiseLayer, UnlearnedLayer {
    var rate: Float

    func channels(_ given: [Int]) -> Int { given[0] }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value { site.input }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      let ratio = writer.initializer("\(site.name).ratio", [], floats: [rate])
      return writer.node("Dropout", [site.input, ratio])
    }
  }
}
