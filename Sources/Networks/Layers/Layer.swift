/// One layer of a network, without its learned numbers.
public enum Layer: Hashable, Sendable {
  /// Correlation with zero padding; weight [out, in, h, w], bias [out].
  case convolution(Kernel, outputs: Int, bias: Bool)
  /// Its transpose; weight [in, out, h, w]. `padding` is cut from the result.
  case transposedConvolution(Kernel, outputs: Int, bias: Bool)
  /// With running statistics: weight, bias, running_mean, running_var, each [channels].
  case batchNorm(epsilon: Float)
  case activation(Activation)
  case maxPool(Kernel)
  case averagePool(Kernel)
  /// Each pixel `factor` × `factor` times, or interpolated between pixel centres.
  case upsample(factor: Int, bilinear: Bool)
  case add
  /// Along the channels.
  case concat
  /// Some of the channels.
  case slice(Range<Int>)
  /// Each frame beside its neighbours in time, earliest first: `frames` times the channels. The
  /// frames at the ends of the batch stand for those beyond.
  case window(frames: Int)
  /// Every output from every value: weight [out, channels · h · w] in the order channel, row, column.
  case dense(outputs: Int, height: Int, width: Int)
  /// Over the channels.
  case softmax
}

/// Size and step of a window that slides over an image.
public struct Kernel: Hashable, Sendable {
  public var size: Int
  public var stride: Int
  public var dilation: Int
  public var padding: Edges

  public init(_ size: Int, stride: Int = 1, dilation: Int = 1, padding: Edges) {
    self.size = size
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  /// As many zeros on each side that an odd kernel keeps the image's size.
  public static func same(_ size: Int, stride: Int = 1, dilation: Int = 1) -> Kernel {
    Kernel(size, stride: stride, dilation: dilation, padding: Edges((size - 1) / 2 * dilation))
  }

  public static func valid(_ size: Int, stride: Int = 1) -> Kernel {
    Kernel(size, stride: stride, padding: Edges(0))
  }

  /// Distance of the outermost taps.
  var reach: Int { (size - 1) * dilation }

  func outputSize(_ input: Int, before: Int, after: Int) -> Int {
    let room = input + before + after - reach - 1
    return room < 0 ? 0 : room / stride + 1
  }
}

/// Rows and columns around an image.
public struct Edges: Hashable, Sendable {
  public var top: Int
  public var left: Int
  public var bottom: Int
  public var right: Int

  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  public init(_ all: Int) { self.init(top: all, left: all, bottom: all, right: all) }
}

/// A function of each value alone.
public enum Activation: Hashable, Sendable {
  case relu
  case leakyReLU(Float)
  case elu(Float)
  case silu
  case sigmoid
  case tanh
  case softplus
  case clamp(Float, Float)
  /// x · scale + shift.
  case affine(scale: Float, shift: Float)
}
