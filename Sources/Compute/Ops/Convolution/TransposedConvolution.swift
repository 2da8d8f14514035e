import CPUKernels

/// Transposed convolution: each input pixel adds its kernel to the output, `stride` apart.
///
/// Inputs: x [batch, height, width, channels], weights [kernel height, kernel width, channels,
/// output channels], then the tensors of the epilogue; float32. Output size per axis: (size − 1)
/// stride + kernel − 2 crop (without the "output padding" of some libraries).
package struct TransposedConvolution: ConvolutionLike, TransposedKernels {
  package static let name = "transposed convolution"
  package let stride: Int
  /// Rows and columns cut off at every side; other libraries call it "padding".
  package let crop: Int
  package let epilogue: Epilogue

  package init(stride: Int = 2, crop: Int = 0, bias: Bool = false) {
    self.init(stride: stride, crop: crop, epilogue: bias ? .bias : .none)
  }

  init(stride: Int, crop: Int, epilogue: Epilogue) {
    precondition(stride > 0 && crop >= 0, "a stride is positive, a crop not negative")
    self.stride = stride
    self.crop = crop
    self.epilogue = epilogue
  }

  func with(_ epilogue: Epilogue) -> TransposedConvolution {
    TransposedConvolution(stride: stride, crop: crop, epilogue: epilogue)
  }

  package var parameters: String { "s\(stride) crop \(crop)\(epilogue.label)" }

  private func extent(_ size: Int, _ kernel: Int) -> Int {
    (size - 1) * stride + kernel - 2 * crop
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try epilogue.checkImage(inputs, op: Self.name)
    let (x, w) = (inputs[0].shape, inputs[1].shape)
    let (height, width) = (extent(x[1], w[0]), extent(x[2], w[1]))
    guard height > 0, width > 0 else {
      throw ShapeError(Self.name, "a crop of \(crop) leaves nothing of \(x[1])×\(x[2])")
    }
    let output = TensorType(.float32, x[0], height, width, w[3])
    try epilogue.check(inputs[2...], output: output, op: Self.name)
    return [output]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (type, sums) = sums(inputs)
    return [Reference(type, epilogue.apply(sums, inputs[2...]))]
  }

  package func magnitudes(_ inputs: [Reference]) -> [Reference] {
    let (type, sums) = sums(inputs.prefix(2).map { Reference($0.type, $0.values.map(abs)) })
    return [Reference(type, epilogue.magnitudes(sums, inputs[2...]))]
  }

  private func sums(_ inputs: [Reference]) -> (TensorType, [Double]) {
    let (x, w) = (inputs[0].type.shape, inputs[1].type.shape)
    let (height, width, outputs) = (extent(x[1], w[0]), extent(x[2], w[1]), w[3])
    let type = TensorType(.float32, x[0], height, width, outputs)
    var result = [Double](repeating: 0, count: type.count)
    for n in 0..<x[0] {
      for (iy, ix) in pairs(x[1], x[2]) {
        for (ky, kx) in pairs(w[0], w[1]) {
          let (oy, ox) = (iy * stride + ky - crop, ix * stride + kx - crop)
          guard oy >= 0, oy < height, ox >= 0, ox < width else { continue }
          for c in 0..<x[3] {
            let value = inputs[0].values[((n * x[1] + iy) * x[2] + ix) * x[3] + c]
            for k in 0..<outputs {
              result[((n * height + oy) * width + ox) * outputs + k] +=
                value * inputs[1].values[((ky * w[1] + kx) * x[3] + c) * outputs + k]
            }
          }
        }
      }
    }
    return (type, result)
  }

  private func pairs(_ rows: Int, _ columns: Int) -> [(Int, Int)] {
    (0..<rows).flatMap { row in (0..<columns).map { (row, $0) } }
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: 2 * inputs[0].count * inputs[1].count / inputs[1].shape[2],
      bytes: (inputs + outputs).bytes)
  }

  func kernelParameters(_ site: Site) -> glint_conv_params {
    glint_conv_params(site, stride: stride, top: crop, left: crop, epilogue: epilogue)
  }

  package static var samples: [Sample] {
    [
      (TransposedConvolution(stride: 2), [1, 3, 5, 3], 2, 5),
      (TransposedConvolution(stride: 2, crop: 1, bias: true), [2, 4, 3, 8], 4, 17),
      (TransposedConvolution(stride: 1, crop: 1), [1, 5, 1, 2], 3, 3),
      (TransposedConvolution(stride: 4), [1, 1, 3, 4], 3, 2),
    ].map { op, x, kernel, outputs in
      let inputs: [Reference] =
        [.random(x, -1...1, seed: 1), .random([kernel, kernel, x[3], outputs], -1...1, seed: 2)]
        + (op.epilogue.tensors > 0 ? [.random([outputs], -1...1, seed: 3)] : [])
      return Sample(op, inputs, .magnitude(Double(kernel * kernel * x[3] + 3)), tiny: true)
    }
  }
}
