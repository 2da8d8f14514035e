import Compute

extension Layers {
  /// Values left out at random, a share `rate` of them, in training; nothing is done to a frame that is
  /// localized.
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
