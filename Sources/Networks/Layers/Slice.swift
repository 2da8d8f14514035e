import Compute

extension Layers {
  /// A range of the channels.
  struct Slice: PixelwiseLayer, UnlearnedLayer {
    var range: Range<Int>

    func channels(_ given: [Int]) -> Int { range.count }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      try graph.apply(SelectChannels(range), site.input)
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.slice(
        site.input, "\(site.name).\(range.lowerBound)", axis: 1, range.lowerBound, range.upperBound)
    }
  }
}
