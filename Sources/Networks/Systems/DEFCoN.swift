/// DEFCoN: the number of emitters in a frame, as a density map whose sum is the count.
///
/// github.com/LEB-EPFL/DEFCoN. A segmentation network, then a counting network on its
/// result; sides are multiples of 4.
package struct DEFCoN: NetworkSystem {
  package static let name = "defcon"
  package static let source = "LEB-EPFL/DEFCoN"
  package static let purpose = "frame to emitter density, sum = count"

  package var task: NetworkTask { .map(peaks: nil) }

  package var scaling = InputScaling(.minMax)

  package init() {}

  package var network: Network {
    var net = Network(channels: 1, scaling: scaling)
    // Keras' "same" for even sizes: the odd zero is added, or cut, at the end.
    let atEnd = Edges(top: 0, left: 0, bottom: 1, right: 1)
    let step = Kernel(3, stride: 2, padding: atEnd)
    func enlarge(_ x: Network.Value, _ name: String) -> Network.Value {
      net.transposedConvolution(x, name, step, to: 8, .relu)
    }
    var x = net.convolution(net.input, "conv_seg_1", 3, to: 16, .relu)
    x = net.convolution(x, "conv_stride_1", step, to: 16, .relu)
    x = net.convolution(x, "conv_seg_2", 3, to: 32, .relu)
    x = net.convolution(x, "conv_stride_2", step, to: 32, .relu)
    x = net.convolution(x, "conv_seg_3", 3, to: 64, .relu)
    x = enlarge(enlarge(x, "deconv_seg_1"), "decon_seg_2")
    let segmentation = net.convolution(x, "seg", 1, to: 1, .sigmoid, bias: false)
    x = net.convolution(segmentation, "conv_1", 3, to: 16, .relu)
    x = net.convolution(x, "conv_2", step, to: 16, .relu)
    x = net.convolution(x, "conv_3", 3, to: 32, .relu)
    x = net.convolution(x, "conv_4", step, to: 32, .relu)
    x = net.convolution(x, "conv_5", 5, to: 64, .relu)
    x = enlarge(enlarge(x, "deconv_1"), "deconv_2")
    net.output("density", net.convolution(x, "density", 1, to: 1, bias: false))
    net.output("segmentation", segmentation)
    return net
  }
}
