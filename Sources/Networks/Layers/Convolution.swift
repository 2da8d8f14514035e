import Compute

extension Layers {
  /// Correlation with zero padding; weight [out, in, rows, columns], bias [out].
  struct Convolution: Layer {
    var kernel: Kernel
    var outputs: Int
    var bias: Bool

    func channels(_ given: [Int]) -> Int { outputs }
    func size(_ given: [ImageSize?]) -> ImageSize? { given[0].map(kernel.outputSize) }
    func reach(_ given: Reach) -> Reach { given.sliding(kernel) }

    func parameters(_ given: Int) -> [Parameter] {
      let weight = Parameter(
        "weight", [outputs, given, kernel.height, kernel.width], Arrangement(order: [2, 3, 1, 0]))
      return [weight] + (bias ? [Parameter("bias", [outputs])] : [])
    }

    var place: LayersInOrder.Place? {
      .init(.convolution, steps: [kernel.stride, kernel.dilation])
    }

    func multiplications(_ channels: Int, _ given: ImageSize?) -> Int {
      (size([given])?.count ?? 0) * kernel.taps * channels * outputs
    }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      let op = Compute.Convolution(
        stride: kernel.stride, dilation: kernel.dilation, padding: kernel.padding.zeros, bias: bias)
      return try graph.apply(op, to: site.inputs + site.learned)[0]
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      writer.node("Conv", site.inputs + site.learned, kernel.onnx + [kernel.onnxDilations])
    }
  }
}
