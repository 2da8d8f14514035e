import CPUKernels

/// Two-dimensional convolution (a correlation, as usual in networks) with an epilogue.
///
/// Inputs: x [batch, height, width, channels], weights [kernel height, kernel width, channels,
/// output channels], then the tensors of the epilogue; all float32. Output: [batch, height',
/// width', output channels] with height' = ⌊(height + padding − dilation (kernel − 1) − 1) /
/// stride⌋ + 1.
package struct Convolution: ConvolutionLike, ChannelRanged {
  package static let name = "convolution"
  package let stride: Int
  package let dilation: Int
  package let padding: Padding
  package let epilogue: Epilogue
  /// 2 if pixels of the image are first repeated: an `Upsample` that the plan merged into this op.
  let enlargement: Int

  /// Zeros around the image.
  package enum Padding: Hashable, Sendable {
    /// Keeps the size for a stride of 1, in general ⌈size / stride⌉; an odd zero goes to the end.
    case same
    case valid
    case zeros(top: Int, left: Int, bottom: Int, right: Int)

    /// The same number on every side.
    package static func zeros(_ count: Int) -> Padding {
      .zeros(top: count, left: count, bottom: count, right: count)
    }

    var label: String {
      switch self {
      case .same: "same"
      case .valid: "valid"
      case .zeros(let top, let left, let bottom, let right): "pad \(top) \(left) \(bottom) \(right)"
      }
    }
  }

  /// - Parameters:
  ///   - stride: any positive number; networks of the field use 1, 2 or 4.
  ///   - dilation: distance between taps, pixels.
  ///   - padding: zeros around the image.
  ///   - bias: one value per output channel, the third input.
  package init(
    stride: Int = 1, dilation: Int = 1, padding: Padding = .same, bias: Bool = false
  ) {
    self.init(
      stride: stride, dilation: dilation, padding: padding, epilogue: bias ? .bias : .none)
  }

  /// With any epilogue; nil if it has more steps or tensors than kernels support.
  package init?(
    stride: Int = 1, dilation: Int = 1, padding: Padding = .same, steps: [EpilogueStep]
  ) {
    guard let epilogue = Epilogue(steps) else { return nil }
    self.init(stride: stride, dilation: dilation, padding: padding, epilogue: epilogue)
  }

  init(
    stride: Int, dilation: Int, padding: Padding, epilogue: Epilogue, enlargement: Int = 1
  ) {
    precondition(stride > 0 && dilation > 0, "stride and dilation are positive")
    precondition(enlargement == 1 || enlargement == 2, "kernels enlarge 2 times or not")
    self.enlargement = enlargement
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.epilogue = epilogue
  }

  func readsRange(_ input: Int) -> Bool {
    input == 0 || (input >= 2 && epilogue.hasPixels(input - 2))
  }

  func with(_ epilogue: Epilogue) -> Convolution {
    Convolution(
      stride: stride, dilation: dilation, padding: padding, epilogue: epilogue,
      enlargement: enlargement)
  }

  /// The same convolution of an image that is first enlarged 2 times.
  func enlarging() -> Convolution {
    Convolution(
      stride: stride, dilation: dilation, padding: padding, epilogue: epilogue, enlargement: 2)
  }

  package var parameters: String {
    (enlargement == 2 ? "×2 " : "")
      + "s\(stride) d\(dilation) \(padding.label)\(epilogue.label)"
  }

  /// The number of zeros before the first pixel, and of outputs, along one axis.
  func extent(_ given: Int, _ kernel: Int, vertical: Bool) -> (before: Int, out: Int) {
    let size = given * enlargement
    let reach = (kernel - 1) * dilation + 1
    switch padding {
    case .same:
      let out = (size + stride - 1) / stride
      return (max((out - 1) * stride + reach - size, 0) / 2, out)
    case .valid: return (0, size < reach ? 0 : (size - reach) / stride + 1)
    case .zeros(let top, let left, let bottom, let right):
      let padded = size + (vertical ? top + bottom : left + right)
      return (vertical ? top : left, padded < reach ? 0 : (padded - reach) / stride + 1)
    }
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try epilogue.checkImage(inputs, op: Self.name)
    let (x, w) = (inputs[0].shape, inputs[1].shape)
    let (height, width) = (
      extent(x[1], w[0], vertical: true).out, extent(x[2], w[1], vertical: false).out
    )
    guard height > 0, width > 0 else {
      throw ShapeError(
        Self.name, "an image of \(x[1])×\(x[2]) is smaller than the \(w[0])×\(w[1]) kernel",
        hint: "pad the image")
    }
    let output = TensorType(.float32, x[0], height, width, w[3])
    try epilogue.check(inputs[2...], output: output, op: Self.name)
    return [output]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let type = outputType(inputs)
    return [Reference(type, epilogue.apply(sums(inputs, type), inputs[2...]))]
  }

  package func magnitudes(_ inputs: [Reference]) -> [Reference] {
    let type = outputType(inputs)
    let absolute = inputs.prefix(2).map { Reference($0.type, $0.values.map(abs)) }
    return [Reference(type, epilogue.magnitudes(sums(absolute, type), inputs[2...]))]
  }

  private func outputType(_ inputs: [Reference]) -> TensorType {
    let (x, w) = (inputs[0].type.shape, inputs[1].type.shape)
    return TensorType(
      .float32, x[0], extent(x[1], w[0], vertical: true).out,
      extent(x[2], w[1], vertical: false).out, w[3])
  }

  private func sums(_ inputs: [Reference], _ type: TensorType) -> [Double] {
    let (x, w) = (inputs[0].type.shape, inputs[1].type.shape)
    let (top, left) = (
      extent(x[1], w[0], vertical: true).before, extent(x[2], w[1], vertical: false).before
    )
    let (height, width, outputs) = (type.shape[1], type.shape[2], w[3])
    var result = [Double](repeating: 0, count: type.count)
    for n in 0..<x[0] {
      for oy in 0..<height {
        for ox in 0..<width {
          for ky in 0..<w[0] {
            for kx in 0..<w[1] {
              let iy = oy * stride - top + ky * dilation
              let ix = ox * stride - left + kx * dilation
              let (sy, sx) = (iy / enlargement, ix / enlargement)
              guard iy >= 0, sy < x[1], ix >= 0, sx < x[2] else { continue }
              for c in 0..<x[3] {
                let value = inputs[0].values[((n * x[1] + sy) * x[2] + sx) * x[3] + c]
                let taps = ((ky * w[1] + kx) * x[3] + c) * outputs
                let base = ((n * height + oy) * width + ox) * outputs
                for k in 0..<outputs { result[base + k] += value * inputs[1].values[taps + k] }
              }
            }
          }
        }
      }
    }
    return result
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    let w = inputs[1].shape
    return Work(
      flops: 2 * outputs[0].count * w[0] * w[1] * w[2],
      bytes: (inputs + outputs).bytes)
  }

  /// The kernels' parameters at a site.
  func kernelParameters(_ site: Site) -> glint_conv_params {
    let (x, w) = (site.inputs[0].shape, site.inputs[1].shape)
    return glint_conv_params(
      site, stride: stride, dilation: dilation, top: extent(x[1], w[0], vertical: true).before,
      left: extent(x[2], w[1], vertical: false).before, enlargement: enlargement,
      epilogue: epilogue)
  }
}
