// Builders for layers, used by the systems.
extension Network {
  /// A convolution that keeps the image's size, with its activation.
  package mutating func convolution(
    _ x: Value, _ name: String, _ size: Int, to outputs: Int, _ activation: Activation? = nil,
    stride: Int = 1, dilation: Int = 1, bias: Bool = true
  ) -> Value {
    convolution(
      x, name, .same(size, stride: stride, dilation: dilation), to: outputs, activation, bias: bias)
  }

  package mutating func convolution(
    _ x: Value, _ name: String, _ kernel: Kernel, to outputs: Int, _ activation: Activation? = nil,
    bias: Bool = true
  ) -> Value {
    let layer = Layers.Convolution(kernel: kernel, outputs: outputs, bias: bias)
    let y = apply(layer, [x], name: name)
    return activation.map { activate(y, $0) } ?? y
  }

  /// The kernel's padding is cut from the result.
  package mutating func transposedConvolution(
    _ x: Value, _ name: String, _ kernel: Kernel, to outputs: Int, _ activation: Activation? = nil,
    bias: Bool = true
  ) -> Value {
    let layer = Layers.TransposedConvolution(kernel: kernel, outputs: outputs, bias: bias)
    let y = apply(layer, [x], name: name)
    return activation.map { activate(y, $0) } ?? y
  }

  /// Every output depends on every value of an image of `size`, or of a vector if that is nil.
  package mutating func dense(
    _ x: Value, _ name: String, to outputs: Int, of size: (height: Int, width: Int)? = nil,
    _ activation: Activation? = nil, bias: Bool = true
  ) -> Value {
    let size = size.map { ImageSize($0.height, $0.width) }
    let y = apply(Layers.Dense(outputs: outputs, size: size, bias: bias), [x], name: name)
    return activation.map { activate(y, $0) } ?? y
  }

  package mutating func batchNorm(_ x: Value, _ name: String, epsilon: Float = 1e-5) -> Value {
    apply(Layers.BatchNorm(epsilon: epsilon), [x], name: name)
  }

  package mutating func instanceNorm(_ x: Value, _ name: String, epsilon: Float = 1e-5) -> Value {
    apply(Layers.InstanceNorm(epsilon: epsilon), [x], name: name)
  }

  /// Photoelectrons in units of their noise; two channels, see `Layers.Stabilise`.
  package mutating func stabilise(_ x: Value, _ name: String) -> Value {
    apply(Layers.Stabilise(), [x], name: name)
  }

  package mutating func activate(_ x: Value, _ activation: Activation) -> Value {
    apply(activation, [x])
  }

  /// With one learned slope, or one for each channel.
  package mutating func prelu(_ x: Value, _ name: String, isShared: Bool = true) -> Value {
    apply(Layers.PReLU(isShared: isShared), [x], name: name)
  }

  package mutating func dropout(_ x: Value, _ rate: Float) -> Value {
    apply(Layers.Dropout(rate: rate), [x])
  }

  package mutating func softmax(_ x: Value) -> Value { apply(Layers.Softmax(), [x]) }

  package mutating func maxPool(
    _ x: Value, _ size: Int = 2, stride: Int = 2, padding: Edges = Edges(0)
  ) -> Value {
    apply(Layers.Pool(kind: .max, window: size, stride: stride, padding: padding), [x])
  }

  package mutating func averagePool(
    _ x: Value, _ size: Int = 2, stride: Int = 2, padding: Edges = Edges(0)
  ) -> Value {
    apply(Layers.Pool(kind: .average, window: size, stride: stride, padding: padding), [x])
  }

  package mutating func globalMaxPool(_ x: Value) -> Value {
    apply(Layers.GlobalPool(kind: .max), [x])
  }

  package mutating func globalAveragePool(_ x: Value) -> Value {
    apply(Layers.GlobalPool(kind: .average), [x])
  }

  package mutating func upsample(_ x: Value, _ factor: Int = 2, bilinear: Bool = false) -> Value {
    apply(Layers.Upsample(factor: factor, isBilinear: bilinear), [x])
  }

  package mutating func add(_ a: Value, _ b: Value) -> Value { apply(Layers.Add(), [a, b]) }

  /// `body` applied to x, plus x, or plus `shortcut` if x differs in channels or size.
  package mutating func residual(
    _ x: Value, shortcut: Value? = nil, _ body: (inout Network, Value) -> Value
  ) -> Value {
    let y = body(&self, x)
    return add(y, shortcut ?? x)
  }

  package mutating func concat(_ values: Value...) -> Value { concat(values) }
  package mutating func concat(_ values: [Value]) -> Value { apply(Layers.Concat(), values) }

  package mutating func slice(_ x: Value, _ range: Range<Int>) -> Value {
    apply(Layers.Slice(range: range), [x])
  }

  /// Each frame with its neighbours in time; `frames` is odd.
  package mutating func window(_ x: Value, frames: Int) -> Value {
    apply(Layers.Window(frames: frames), [x])
  }

  /// An image of this size as a vector, in the order row, column, channel.
  package mutating func flatten(_ x: Value, height: Int, width: Int) -> Value {
    apply(Layers.Reshape(result: .vector, size: ImageSize(height, width)), [x])
  }

  /// A vector as an image of this size, in the order row, column, channel.
  package mutating func reshape(_ x: Value, height: Int, width: Int) -> Value {
    apply(Layers.Reshape(result: .image, size: ImageSize(height, width)), [x])
  }
}
