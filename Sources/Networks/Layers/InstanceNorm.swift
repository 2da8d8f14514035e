import Compute

extension Layers {
  /// Normalises each channel of each image to mean 0 and variance 1 by its own pixels; weight and
  /// bias [channels]. For one image at a time, this is a batch norm that uses the batch's
  /// statistics.
  struct InstanceNorm: Layer {
    var epsilon: Float

    func channels(_ given: [Int]) -> Int { given[0] }
    func size(_ given: [ImageSize?]) -> ImageSize? { given[0] }
    func reach(_ given: Reach) -> Reach { given.ofWholeFrame }

    func parameters(_ given: Int) -> [Parameter] {
      [Parameter("weight", [given]), Parameter("bias", [given])]
    }

    var place: LayersInOrder.Place? { .init(.instanceNorm) }
    func multiplications(_ channels: Int, _ given: ImageSize?) -> Int { 0 }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      try graph.apply(Compute.InstanceNorm(epsilon: epsilon), to: site.inputs + site.learned)[0]
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node(
        "InstanceNormalization", site.inputs + site.learned, [("epsilon", .float(epsilon))])
    }
  }
}
