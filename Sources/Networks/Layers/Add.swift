import Compute

extension Layers {
  /// The sum of two values of equal shape.
  struct Add: PixelwiseLayer, UnlearnedLayer {
    func channels(_ given: [Int]) -> Int { given[0] }

    func lower(
      _ inputs: [Graph.Value], _ learned: [Graph.Value], _ site: LoweringSite,
      in graph: inout Graph
    ) throws -> Graph.Value {
      try graph.apply(Compute.Add(), to: inputs)[0]
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node("Add", site.inputs)
    }
  }
}
