import Compute

/// Single convolutions with bias and ELU, with each candidate. Rates count the operations of a
/// direct convolution, so Winograd's can exceed the processor's peak.
struct ConvolutionBench {
  let device: any Device
  let runs: Int

  /// Batch, side, channels, outputs, kernel.
  static let cases = [
    (16, 64, 48, 48, 3), (16, 64, 96, 96, 3), (16, 16, 192, 192, 3), (1, 484, 64, 64, 3),
    (1, 256, 128, 121, 3), (16, 64, 1, 48, 3), (16, 64, 96, 48, 1),
    (4, 256, 16, 16, 3), (4, 256, 2, 16, 3), (4, 256, 16, 16, 1), (4, 256, 16, 1, 1),
  ]

  func run() throws {
    for (batch, side, channels, outputs, kernel) in Self.cases {
      for name in device.info.kind == .cpu
        ? ["winograd4", "winograd2", "lines", "gemm", "blas"]
        : ["winograd", "tile64", "tile32", "direct"]
      {
        var graph = Graph()
        let x = graph.input("x", TensorType(.float32, batch, side, side, channels))
        let w = graph.constant(ramp([kernel, kernel, channels, outputs]))
        let sums = try graph.apply(Convolution(bias: true), x, w, graph.constant(ramp([outputs])))
        graph.output("y", try graph.apply(Elementwise(.elu(alpha: 1)), sums))
        guard
          let plan = try? Plan(graph, for: device.info, forcing: [Convolution.name: name])
        else { continue }
        let executable = try device.compile(plan)
        try executable.write("x", ramp([batch, side, side, channels]).bytes)
        var first: [Float] = [0]
        let (median, least, _) = try time(runs) {
          try executable.run()
          try first.withUnsafeMutableBytes { try executable.read("y", into: $0) }
        }
        let flops = 2 * Double(batch * side * side * outputs * kernel * kernel * channels)
        print(
          "\(batch)×\(side)² \(channels)→\(outputs) \(kernel)×\(kernel) \(name): "
            + "median \(Int(flops / median / 1e9)), best \(Int(flops / least / 1e9)) GFLOP/s")
      }
    }
    try runBack()
  }

  /// Gradients with respect to images of convolutions with a stride: batch, side, channels,
  /// outputs, kernel, stride.
  private static let strided = [
    (8, 64, 48, 96, 2, 2), (8, 32, 96, 192, 2, 2), (4, 64, 48, 48, 3, 2),
  ]

  private func runBack() throws {
    for (batch, side, channels, outputs, kernel, stride) in Self.strided {
      let forward = Convolution(stride: stride)
      var graph = Graph()
      let given = graph.input(
        "given", TensorType(.float32, batch, side / stride, side / stride, outputs))
      let w = graph.constant(ramp([kernel, kernel, outputs, channels]))
      let op = ConvolutionInputGradient(of: forward, height: side, width: side)
      graph.output("image", try graph.apply(op, given, w))
      let executable = try device.compile(Plan(graph, for: device.info))
      try executable.write("given", ramp(graph.type(of: given).shape).bytes)
      var first: [Float] = [0]
      let (median, least, _) = try time(runs) {
        try executable.run()
        try first.withUnsafeMutableBytes { try executable.read("image", into: $0) }
      }
      let pixels = batch * (side / stride) * (side / stride)
      let flops = 2 * Double(pixels * kernel * kernel * channels * outputs)
      print(
        "\(batch)×\(side)² \(channels)→\(outputs) \(kernel)×\(kernel) s\(stride), back to the "
          + "image: median \(Int(flops / median / 1e9)), best \(Int(flops / least / 1e9)) GFLOP/s")
    }
  }

  /// Values from −1/2 to 1/2 that repeat with a long period.
  private func ramp(_ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor((0..<count).map { Float($0 * 7919 % 1009) / 1009 - 0.5 }, shape: shape)
  }
}
