import Compute

extension Layers {
  /// Values left out at random, a share `rate` of them, in training; nothing is done to a frame that is
  /// localized.
  struct Dropout: PixelwiseLayer, UnlearnedLayer {
    var rate: Float

    func channels(_ given: [Int]) -> Int { given[0] }

    func lower(
      _ inputs: [Graph.Value], _ learned: [Graph.Value], _ site: LoweringSite,
      in graph: inout Graph
    ) throws -> Graph.Value { inputs[0] }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      let ratio = writer.initializer("\(site.name).ratio", [], floats: [rate])
      return writer.node("Dropout", [site.input, ratio])
    }
  }
}
