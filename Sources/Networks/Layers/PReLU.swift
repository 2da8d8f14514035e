import Compute

extension Layers {
  /// x for x ≥ 0, a learned slope times x below: weight [1] for one slope, [channels] for one each.
  struct PReLU: PixelwiseLayer {
    var isShared: Bool

    func channels(_ given: [Int]) -> Int { given[0] }

    func parameters(_ given: Int) -> [Parameter] {
      [Parameter("weight", [isShared ? 1 : given])]
    }

    var place: LayersInOrder.Place? { .init(.prelu) }
    func multiplications(_ channels: Int, _ given: ImageSize?) -> Int { 0 }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      try graph.apply(Compute.PReLU(), to: site.inputs + site.learned)[0]
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      var slope = site.learned[0]
      if !isShared, !site.isVector {
        // One slope per channel needs axes of length 1 for rows and columns to broadcast.
        slope = writer.node(
          "Unsqueeze", [slope, writer.initializer("\(site.name).axes", integers: [1, 2])])
      }
      return writer.node("PRelu", [site.input, slope])
    }
  }
}
