import Compute

extension Layers {
  /// Maximum or average of a square window; positions outside the image are ignored.
  struct Pool: UnlearnedLayer {
    var kind: Compute.Pool.Kind
    var window: Int
    var stride: Int
    var padding: Edges

    private var kernel: Kernel { Kernel(window, stride: stride, padding: padding) }

    func channels(_ given: [Int]) -> Int { given[0] }
    func size(_ given: [ImageSize?]) -> ImageSize? { given[0].map(kernel.outputSize) }
    func reach(_ given: Reach) -> Reach { given.sliding(kernel) }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      try graph.apply(
        Compute.Pool(kind, window: window, stride: stride, padding: padding.zeros), site.input)
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node(kind == .max ? "MaxPool" : "AveragePool", site.inputs, kernel.onnx)
    }
  }
}
