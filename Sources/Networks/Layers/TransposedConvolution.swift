import Compute

extension Layers {
  /// Each pixel adds its kernel to the result, `stride` apart; weight [in, out, rows, columns],
  /// bias [out]. `padding` is cut from the result; less at the end than at the start is PyTorch's
  /// "output padding".
  struct TransposedConvolution: Layer {
    var kernel: Kernel
    var outputs: Int
    var bias: Bool

    func channels(_ given: [Int]) -> Int { outputs }

    func size(_ given: [ImageSize?]) -> ImageSize? {
      let around = kernel.padding
      return given[0].map {
        ImageSize(
          ($0.height - 1) * kernel.stride + kernel.rowReach + 1 - around.top - around.bottom,
          ($0.width - 1) * kernel.stride + kernel.columnReach + 1 - around.left - around.right)
      }
    }

    func reach(_ given: Reach) -> Reach { given.spreading(kernel) }

    func parameters(_ given: Int) -> [Parameter] {
      let weight = Parameter(
        "weight", [given, outputs, kernel.height, kernel.width],
        Arrangement(order: [2, 3, 0, 1], spread: spread))
      return [weight] + (bias ? [Parameter("bias", [outputs])] : [])
    }

    /// The op cuts the same from every side. Zeros before the taps shift the image down and to the
    /// right, zeros after them enlarge it.
    private var spread: Arrangement.Spread {
      let cut = kernel.padding
      return Arrangement.Spread(
        step: kernel.dilation,
        before: (crop - cut.top, crop - cut.left), after: (crop - cut.bottom, crop - cut.right))
    }

    private var crop: Int {
      let cut = kernel.padding
      return max(cut.top, cut.left, cut.bottom, cut.right)
    }

    var place: LayersInOrder.Place? {
      .init(.transposedConvolution, steps: [kernel.stride, kernel.dilation])
    }

    func multiplications(_ channels: Int, _ given: ImageSize?) -> Int {
      (given?.count ?? 0) * kernel.taps * channels * outputs
    }

    func lower(_ site: LoweringSite, in graph: inout Graph) throws -> Graph.Value {
      let op = Compute.TransposedConvolution(stride: kernel.stride, crop: crop, bias: bias)
      return try graph.apply(op, to: site.inputs + site.learned)[0]
    }

    func onnx(_ site: ONNXSite, in writer: inout ONNXWriter) -> String {
      // ONNX cuts what `pads` says; a smaller cut at the end becomes output padding.
      var attributes = kernel.onnx
      if kernel.dilation > 1 { attributes.append(kernel.onnxDilations) }
      return writer.node("ConvTranspose", site.inputs + site.learned, attributes)
    }
  }
}
