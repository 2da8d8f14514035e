import Compute

extension Layers {
  /// Concatenates values along the channels.
  struct Concat: PixelwiseLayer, UnlearnedLayer {
    func channels(_ given: [Int]) -> Int { given.reduce(0, +) }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      try graph.apply(Compute.Concat(), to: site.inputs)[0]
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node("Concat", site.inputs, [("axis", .int(1))])
    }
  }
}
