import Compute

extension Layers {
  /// The sum of two values of equal shape.
  struct Add: PixelwiseLayer, UnlearnedLayer {
    func channels(_ given: [Int]) -> Int { given[0] }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      try graph.apply(Compute.Add(), to: site.inputs)[0]
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node("Add", site.inputs)
    }
  }
}
