import Compute

extension Layers {
  /// eˣ over the sum of eˣ of all channels.
  struct Softmax: PixelwiseLayer, UnlearnedLayer {
    func channels(_ given: [Int]) -> Int { given[0] }

    func lower(
      _ inputs: [Graph.Value], _ learned: [Graph.Value], _ site: LoweringSite,
      in graph: inout Graph
    ) throws -> Graph.Value {
      try graph.apply(Compute.Softmax(), inputs[0])
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node("Softmax", site.inputs, [("axis", .int(1))])
    }
  }
}
