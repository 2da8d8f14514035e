import Compute

extension Layers {
  /// eˣ divided by the sum of eˣ over all channels.
  struct Softmax: PixelwiseLayer, UnlearnedLayer {
    func channels(_ given: [Int]) -> Int { given[0] }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      try graph.apply(Compute.Softmax(), site.input)
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node("Softmax", site.inputs, [("axis", .int(1))])
    }
  }
}
