import Compute

/// Size and step of a window that slides over an image.
package struct Kernel: Hashable, Sendable {
  package var height: Int
  package var width: Int
  package var stride: Int
  package var dilation: Int
  package var padding: Edges

  package init(
    _ height: Int, _ width: Int, stride: Int = 1, dilation: Int = 1, padding: Edges = Edges(0)
  ) {
    self.height = height
    self.width = width
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  package init(_ size: Int, stride: Int = 1, dilation: Int = 1, padding: Edges) {
    self.init(size, size, stride: stride, dilation: dilation, padding: padding)
  }

  /// Zero padding with which an odd kernel keeps the image's size.
  package static func same(_ size: Int, stride: Int = 1, dilation: Int = 1) -> Kernel {
    Kernel(size, stride: stride, dilation: dilation, padding: Edges((size - 1) / 2 * dilation))
  }

  package static func valid(_ size: Int, stride: Int = 1) -> Kernel {
    Kernel(size, stride: stride, padding: Edges(0))
  }

  /// Distance between the outermost taps.
  var rowReach: Int { (height - 1) * dilation }
  var columnReach: Int { (width - 1) * dilation }
  var taps: Int { height * width }

  /// Size of the result of a sliding window.
  func outputSize(_ input: ImageSize) -> ImageSize {
    func along(_ length: Int, _ reach: Int, _ around: Int) -> Int {
      let room = length + around - reach - 1
      return room < 0 ? 0 : room / stride + 1
    }
    return ImageSize(
      along(input.height, rowReach, padding.top + padding.bottom),
      along(input.width, columnReach, padding.left + padding.right))
  }

  /// The attributes of an ONNX node with a sliding window.
  var onnx: [(String, ONNXWriter.Attribute)] {
    [
      ("kernel_shape", .ints([height, width])), ("strides", .ints([stride, stride])),
      ("pads", .ints([padding.top, padding.left, padding.bottom, padding.right])),
    ]
  }

  var onnxDilations: (String, ONNXWriter.Attribute) {
    ("dilations", .ints([dilation, dilation]))
  }
}

/// Rows and columns around an image.
package struct Edges: Hashable, Sendable {
  package var top: Int
  package var left: Int
  package var bottom: Int
  package var right: Int

  package init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  package init(_ all: Int) { self.init(top: all, left: all, bottom: all, right: all) }

  var zeros: Compute.Convolution.Padding {
    .zeros(top: top, left: left, bottom: bottom, right: right)
  }
}
