import Compute

extension Layers {
  /// With running statistics: weight, bias, running_mean, running_var, each [channels].
  struct BatchNorm: PixelwiseLayer {
    var epsilon: Float

    func channels(_ given: [Int]) -> Int { given[0] }

    func parameters(_ given: Int) -> [Parameter] {
      ["weight", "bias"].map { Parameter($0, [given]) }
        + ["running_mean", "running_var"].map { Parameter($0, [given], trained: false) }
    }

    var place: LayersInOrder.Place? { .init(.batchNorm) }
    func multiplications(_ channels: Int, _ given: ImageSize?) -> Int { 0 }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      guard case .examples(let batch) = site.mode, batch.learns else {
        return try graph.apply(
          Compute.BatchNorm(.running, epsilon: epsilon), to: site.inputs + site.learned)[0]
      }
      let results = try graph.apply(
        Compute.BatchNorm(.tracked(momentum: 0.1, unbiased: true), epsilon: epsilon),
        to: site.inputs + site.learned)
      for (value, old) in zip(results.dropFirst(), site.learned.suffix(2)) {
        graph.output(graph.parameterName(old), value)
      }
      return results[0]
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node(
        "BatchNormalization", site.inputs + site.learned, [("epsilon", .float(epsilon))])
    }
  }
}

extension Layers.BatchNorm: FoldableLayer {
  func folded(bias: Tensor?, channels: Int) -> [String: Tensor] {
    func constant(_ value: Float) -> Tensor {
      Tensor([Float](repeating: value, count: channels), shape: [channels])
    }
    return [
      "weight": constant(1), "bias": bias ?? constant(0), "running_mean": constant(0),
      "running_var": constant(1 - epsilon),
    ]
  }
}
