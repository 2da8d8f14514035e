import Compute

extension Layers {
  /// Some of the channels.
  struct Slice: PixelwiseLayer, UnlearnedLayer {
    var range: Range<Int>

    func channels(_ given: [Int]) -> Int { range.count }

    func lower(
      _ inputs: [Graph.Value], _ learned: [Graph.Value], _ site: LoweringSite,
      in graph: inout Graph
    ) throws -> Graph.Value {
      try graph.apply(SelectChannels(range), inputs[0])
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.slice(
        site.input, "\(site.name).\(range.lowerBound)", axis: 1, range.lowerBound, range.upperBound)
    }
  }
}
